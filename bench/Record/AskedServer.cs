using System.Text.Json;
using Lineage.Bench.Measuring;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.Bench.Record;

/// <summary>The server in a process of its own, as users run it: what the judge keeps in memory does not slow it down.</summary>
sealed class AskedServer : IAsyncDisposable
{
    static readonly TimeSpan ReadyMax = TimeSpan.FromMinutes(2), Poll = TimeSpan.FromMilliseconds(100);

    readonly ChildProcess process;
    readonly TimeProvider clock;

    AskedServer(ChildProcess process, TimeProvider clock, Uri address, int? postgres) =>
        (this.process, this.clock, Address, Serving) = (process, clock, address, new ServingTime(postgres, process.Id));

    public Uri Address { get; }

    /// <summary>Of clients, server and database together.</summary>
    public ServingTime Serving { get; }

    /// <param name="state">Its state directory, with the history in it.</param>
    /// <exception cref="WorldException">It ended, or did not say within two minutes where it listens.</exception>
    public static async Task<AskedServer> StartAsync(string state, TimeProvider clock)
    {
        var process = ChildProcess.Start(
            "server", Environment.ProcessPath!, ["server", state, "http://127.0.0.1:0"], Path.Combine(state, "asked-server.log"));
        try
        {
            for (var until = clock.GetUtcNow() + ReadyMax; ; await Task.Delay(Poll, clock))
            {
                if (process.HasExited || clock.GetUtcNow() > until)
                    throw new WorldException($"The server did not start. It printed:\n{process.Tail()}");
                if (Said(state) is { } said && said.GetProperty("pid").GetInt32() == process.Id)
                    return new AskedServer(
                        process, clock, new Uri(said.GetProperty("url").GetString() + "/"),
                        said.GetProperty("postgresPid") is { ValueKind: JsonValueKind.Number } id ? id.GetInt32() : null);
            }
        }
        catch
        {
            await process.StopAsync(clock);
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Null before a server has said anything.</summary>
    static JsonElement? Said(string state)
    {
        var file = Path.Combine(state, "server.json");
        return File.Exists(file) ? JsonElement.Parse(File.ReadAllBytes(file)) : null;
    }

    public async ValueTask DisposeAsync()
    {
        await process.StopAsync(clock);
        await process.DisposeAsync();
    }
}
