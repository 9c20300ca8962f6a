using Lineage.Agents.Client;
using Lineage.Contracts.Identity;
using Lineage.Hosting;

namespace Lineage.Tests.Service.Worlds;

/// <summary>A server of the test's own, in a folder of its own, with a typed client.</summary>
public sealed class RunningServer : IAsyncDisposable
{
    readonly string? folder;

    RunningServer(LineageServer server, string? folder, IReadOnlyList<string> said)
    {
        (Server, this.folder, Said) = (server, folder, said);
        Client = NewClient(ActorId.Parse("launcher:test"));
        Http = new HttpClient { BaseAddress = new Uri(server.Url + "/") };
    }

    public LineageServer Server { get; }

    public LineageClient Client { get; }

    /// <summary>For requests that a typed client would never send.</summary>
    public HttpClient Http { get; }

    public IReadOnlyList<string> Said { get; }

    public LineageClient NewClient(ActorId actor) => new(new ClientOptions(new Uri(Server.Url), actor), TimeProvider.System);

    public static async Task<RunningServer> StartAsync(Func<ServerOptions, ServerOptions>? adjust = null, TimeProvider? clock = null)
    {
        var folder = Folder();
        var said = new List<string>();
        var options = new ServerOptions(folder, Url: "http://127.0.0.1:0", Narrate: said.Add) { Tick = TimeSpan.FromMilliseconds(200) };
        try
        {
            var server = await LineageServer.StartAsync(adjust?.Invoke(options) ?? options, clock ?? TimeProvider.System,
                CancellationToken.None);
            return new RunningServer(server, folder, said);
        }
        catch
        {
            Delete(folder);
            throw;
        }
    }

    public static string Folder() => Directory.CreateTempSubdirectory("lineage-test-").FullName;

    public static void Delete(string folder)
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Http.Dispose();
        await Server.DisposeAsync();
        if (folder is not null) Delete(folder);
    }
}
