using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Lineage.Bus;
using Lineage.Contracts.Api;
using Lineage.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Lineage.Hosting;

/// <summary>
/// One running server: state directory, database, bus, API, process managers; started in that order and stopped in the reverse one, so that
/// nothing is answered before it can be kept, and PostgreSQL ends last.
/// </summary>
/// <remarks>
/// Killed at any moment, it loses nothing that was acknowledged: an answer follows the commit. The next start stops a leftover PostgreSQL
/// first.
/// </remarks>
public sealed class LineageServer : IAsyncDisposable
{
    readonly StateDirectory state;
    readonly NpgsqlDataSource database;
    readonly WebApplication application;

    LineageServer(StateDirectory state, PrivatePostgres? postgres, NpgsqlDataSource database, WebApplication application) =>
        (this.state, Postgres, this.database, this.application) = (state, postgres, database, application);

    /// <summary>Where it listens, with the real port.</summary>
    public string Url { get; private set; } = "";

    /// <summary>Null when a database was given.</summary>
    public PrivatePostgres? Postgres { get; }

    public IServiceProvider Services => application.Services;

    /// <exception cref="LineageProblemException">It cannot start; the problem says why and what to do. Nothing is left running.</exception>
    public static async Task<LineageServer> StartAsync(ServerOptions options, TimeProvider clock, CancellationToken ct)
    {
        var url = ParseUrl(options.Url);
        AccessRules.Check(options, url);
        var broker = options.BrokerAddress is { Length: > 0 } address ? BrokerAddress.Parse(address) : null;
        await using var undo = new Undo();
        var state = undo.Add(StateDirectory.Open(options.StateDirectory));
        RequireFreePort(url);
        using var logging = LoggerFactory.Create(ServerLogging.Configure);
        var postgres = options.ConnectionString is { Length: > 0 } ? null
            : undo.Add(await PrivatePostgres.StartAsync(state, clock, logging.CreateLogger<PrivatePostgres>(), ct));
        var database = undo.Add(await Database.OpenAsync(postgres?.ConnectionString ?? options.ConnectionString!, ct));
        var choices = Choices(options, postgres, broker);
        choices.AddRange(AccessRules.Choices(options, url));
        var facts = new ServerFacts(await Database.VersionAsync(database, ct), postgres is not null, broker, clock.GetUtcNow(), choices);
        var application = undo.Add(ServerComposition.Build(options, url, facts, database, clock));
        await MartenSetup.ApplyAsync(application.Services.GetRequiredService<Marten.IDocumentStore>(), database, ct);
        if (options.Access.Required && await FirstKey.EnsureAsync(application.Services, state, ct) is { } first) choices.Add(first);
        var server = new LineageServer(state, postgres, database, application);
        await server.ListenAsync(url, facts, ct);
        undo.Keep();
        foreach (var choice in choices) options.Narrate?.Invoke(choice);
        options.Narrate?.Invoke($"listening on {server.Url}");
        return server;
    }

    async Task ListenAsync(Uri url, ServerFacts facts, CancellationToken ct)
    {
        try
        {
            await application.StartAsync(ct);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            throw PortTaken(url, e);
        }
        catch (Exception e) when (facts.Broker is not null && BrokerFailure.IsOne(e))
        {
            throw BrokerFailure.Unreachable(facts.Broker, e);
        }

        var addresses = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        Url = addresses.First().TrimEnd('/');
        state.Publish(new ServerAddress(Url, Environment.ProcessId, Postgres?.PublicConnectionString, Postgres?.PasswordFile,
            Postgres?.ProcessId));
    }

    /// <summary>Returns when the server was asked to stop.</summary>
    public Task WaitForShutdownAsync(CancellationToken ct) => application.WaitForShutdownAsync(ct);

    public async ValueTask DisposeAsync()
    {
        await application.StopAsync();
        await application.DisposeAsync();
        await database.DisposeAsync();
        state.Withdraw();
        if (Postgres is not null) await Postgres.DisposeAsync();
        state.Dispose();
    }

    static List<string> Choices(ServerOptions options, PrivatePostgres? postgres, BrokerAddress? broker)
    {
        List<string> choices = [.. postgres?.Choices ?? ["using the PostgreSQL that was given"]];
        choices.Add(broker is null ? "no broker given: messages come over HTTP and stay in this process"
            : $"messages over RabbitMQ at {broker}");
        choices.Add($"state directory {Path.GetFullPath(options.StateDirectory)}");
        return choices;
    }

    static Uri ParseUrl(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            throw Failure.Of(
                ProblemCodes.BadRequest, 400, "The address to listen on cannot be read",
                $"\"{text}\" is not of the form http://127.0.0.1:8217. The server was not started. Correct --url or LINEAGE_URL.");
        return url;
    }

    /// <summary>Looked at before anything slow is started; the bind itself decides later.</summary>
    static void RequireFreePort(Uri url)
    {
        if (url.Port == 0 || !IPAddress.TryParse(url.Host, out var address)) return;
        try
        {
            using var probe = new TcpListener(address, url.Port);
            probe.Start();
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw PortTaken(url, e);
        }
    }

    static LineageProblemException PortTaken(Uri url, Exception e) => Failure.Of(
        ProblemCodes.PortTaken, 409, "The port is taken",
        $"Another process listens on {url.Host}:{url.Port.ToString(CultureInfo.InvariantCulture)}. The server was not started and " +
        "nothing was changed. " +
        "Stop that process, give another port with --url, or let one be chosen with --url http://127.0.0.1:0.", e);

    /// <summary>Undoes a start that failed half-way, last step first.</summary>
    sealed class Undo : IAsyncDisposable
    {
        readonly Stack<object> started = new();

        public T Add<T>(T step) where T : class
        {
            started.Push(step);
            return step;
        }

        public void Keep() => started.Clear();

        public async ValueTask DisposeAsync()
        {
            while (started.TryPop(out var step))
            {
                if (step is IAsyncDisposable later) await later.DisposeAsync();
                else ((IDisposable)step).Dispose();
            }
        }
    }
}

/// <summary>What the server runs on, for answers.</summary>
public sealed record ServerFacts(string PostgresVersion, bool PrivatePostgres, BrokerAddress? Broker, DateTimeOffset StartedAt,
    IReadOnlyList<string> Choices);
