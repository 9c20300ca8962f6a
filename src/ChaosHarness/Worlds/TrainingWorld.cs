using System.Globalization;
using System.Text.Json;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Worlds;

/// <summary>What a world is made of.</summary>
/// <param name="Program">The <c>lineage</c> executable; every process of the world is a verb of it.</param>
/// <param name="StateDirectory">Belongs to this world alone.</param>
/// <param name="Broker">True for a private RabbitMQ, false for the in-memory bus.</param>
public sealed record WorldOptions(string Program, string StateDirectory, bool Broker)
{
    /// <summary>What the processes print; outside the state directory where that may be taken away.</summary>
    public string Logs { get; init; } = Path.Combine(StateDirectory, "logs");

    /// <summary>Where the broker keeps messages, if not with everything else.</summary>
    public string? BrokerData { get; init; }

    /// <summary>Connection string of a PostgreSQL that is not the server's own; null: it starts a private one.</summary>
    public string? Database { get; init; }

    /// <summary>Whether ranks, launchers and the keeper write journals that a judge reads; they stand beside what is printed.</summary>
    public bool Watched { get; init; }
}

/// <summary>
/// A whole deployment on one machine, of real processes: server (with its private PostgreSQL), keeper, optionally RabbitMQ, and launchers
/// on request.
/// Everything it started is gone when it is disposed.
/// </summary>
public sealed class TrainingWorld : IAsyncDisposable
{
    static readonly TimeSpan ReadyDeadline = TimeSpan.FromSeconds(120), Poll = TimeSpan.FromMilliseconds(100);

    readonly WorldOptions options;
    readonly TimeProvider clock;
    readonly List<ChildProcess> processes = [];
    PrivateRabbitMq? broker;
    int commands;
    ApiReader? api;

    TrainingWorld(WorldOptions options, TimeProvider clock) => (this.options, this.clock) = (options, clock);

    public string StateDirectory => options.StateDirectory;

    public string StoreDirectory => Path.Combine(options.StateDirectory, "store");

    public Uri Address { get; private set; } = new("http://127.0.0.1/");

    public ApiReader Api => api ?? throw new WorldException("The world is not started.");

    /// <exception cref="WorldException">A process ended or did not become ready in time; the message ends with what it printed.</exception>
    public static async Task<TrainingWorld> StartAsync(WorldOptions options, TimeProvider clock, CancellationToken cancellation)
    {
        var world = new TrainingWorld(options, clock);
        try
        {
            Directory.CreateDirectory(options.StateDirectory);
            if (options.Broker) world.broker =
                await PrivateRabbitMq.StartAsync(
                    Path.Combine(options.StateDirectory, "rabbitmq"), clock, cancellation, options.BrokerData);
            await world.StartServerAsync(cancellation);
            world.StartKeeper();
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    /// <summary>Everything that was started here and lives, in the order of its start; not what those have started.</summary>
    public IEnumerable<int> Processes =>
        processes.Where(static process => !process.HasExited).Select(static process => process.Id).Concat(broker?.Processes ?? []);

    /// <summary>Null while there is none.</summary>
    public ChildProcess? Server => processes.FindLast(static process => process.Name == "server");

    /// <summary>The newest one.</summary>
    public ChildProcess? Keeper => processes.FindLast(static process => process.Name == "keeper");

    public PrivateRabbitMq? Broker => broker;

    /// <summary>Process id of the server's private PostgreSQL as it is now, from PostgreSQL's own file; null while it has none.</summary>
    public int? PostgresProcess => PostmasterFile() is [var first, ..]
        && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    /// <summary>For a judge that reads what is on record: over the private PostgreSQL's socket, by the role that owns the events; or the
    /// one that was given.</summary>
    /// <exception cref="WorldException">The server has no private PostgreSQL, or it does not run.</exception>
    public string EventStore => options.Database is { } given ? given + ";Pooling=false"
        : PostmasterFile() is [_, _, _, var port, var socket, ..]
        ? new Npgsql.NpgsqlConnectionStringBuilder
        {
            Host = socket,
            Port = int.Parse(port, NumberStyles.None, CultureInfo.InvariantCulture),
            Username = "lineage",
            Database = "lineage",
            Password = File.ReadAllText(Path.Combine(options.StateDirectory, "postgres.password")),
            Pooling = false,
        }.ConnectionString
        : throw new WorldException("The server's private PostgreSQL does not run; there is nothing to read.");

    /// <summary>Process, folder, start, port and socket folder, a line each (PostgreSQL, "postmaster.pid").</summary>
    string[] PostmasterFile()
    {
        var root = Path.Combine(options.StateDirectory, "postgres");
        var moved = Path.Combine(root, "moved-to");
        var file = Path.Combine(File.Exists(moved) ? File.ReadAllText(moved).Trim() : root, "data", "postmaster.pid");
        return File.Exists(file) ? File.ReadAllLines(file) : [];
    }

    /// <summary>Where the processes that work for a run write what they saw; the keeper, which works for all, where
    /// <see cref="KeeperJournal"/> says.</summary>
    public string JournalOf(RunId run) => Path.Combine(options.Logs, "journal", "runs", run.ToString());

    public string KeeperJournal => Path.Combine(options.Logs, "journal", "keeper");

    /// <summary>A server in the place of one that died: at the same address, over the same data.</summary>
    public Task RestartServerAsync(CancellationToken cancellation) => StartServerAsync(cancellation);

    /// <summary>File that decides what time it is for the server: <see cref="Faults.FaultyClock.Set"/>. While it is not there, the
    /// machine's clock does.</summary>
    public string ServerClock => Path.Combine(options.Logs, "clock-server");

    /// <param name="fault">Text for <see cref="Faults.KillAtDurableStep.Variable"/>; null for none.</param>
    /// <param name="broker">Where launcher and ranks find the broker, if not at its own address.</param>
    /// <param name="clock">File that decides what time it is for launcher and ranks; null: the machine's clock does.</param>
    public ChildProcess Launch(
        RunId run, IEnumerable<string> arguments, string? fault = null, string? broker = null, string? clock = null) =>
        Start($"launch-{run}", ["launch", "--run", run.ToString(), .. arguments], JournalOf(run), fault, broker, clock);

    /// <summary>A keeper beside the one that there may be.</summary>
    public ChildProcess StartKeeper() => Start("keeper", ["keeper", "run"], KeeperJournal);

    /// <summary>SIGKILL to everything, as when the power goes. The world can only be disposed afterwards.</summary>
    /// <param name="postgres">What <see cref="PostgresProcess"/> said before: its file may lie on the disk that is gone.</param>
    public async Task KillEverythingAsync(int? postgres, CancellationToken cancellation)
    {
        foreach (var process in processes.Where(static process => !process.HasExited)) process.Send(Signal.Kill);
        if (postgres is { } id) ChildProcess.Send(id, Signal.Kill);
        foreach (var process in processes) await process.WaitAsync(cancellation);
        const int looksMax = 200;   // a database that is still dying looks like one that is left over
        for (var look = 0; look < looksMax && Directory.Exists($"/proc/{postgres}") && postgres is not null; look++)
            await Task.Delay(Poll, clock, cancellation);
    }

    /// <summary>Runs one command of the program to its end and gives back its exit code and what it printed on standard output.</summary>
    public async Task<(int ExitCode, string Output)> CommandAsync(CancellationToken cancellation, params string[] arguments)
    {
        var path = Path.Combine(options.Logs, $"command-{++commands}.log");
        int exitCode;
        await using (var process = ChildProcess.Start("command", options.Program, arguments, path, Settings()))
            exitCode = await process.WaitAsync(cancellation);
        return (exitCode, await File.ReadAllTextAsync(path, cancellation));
    }

    public async ValueTask DisposeAsync()
    {
        Exception? first = null;
        foreach (var process in Enumerable.Reverse(processes))
        {
            try
            {
                await process.StopAsync(clock);
                await process.DisposeAsync();
            }
            catch (IOException lost)
            {
                first ??= lost;   // what it printed could not be kept; the others must still be stopped
            }
        }

        if (first is not null) System.Diagnostics.Trace.TraceWarning($"A world's output was lost: {first.Message}");
        if (broker is not null) await broker.DisposeAsync();
        api?.Dispose();
    }

    ChildProcess Start(
        string name, string[] arguments, string? journal = null, string? fault = null, string? broker = null, string? clock = null)
    {
        var settings = Settings();
        settings["LINEAGE_BROKER"] = broker ?? settings["LINEAGE_BROKER"];
        settings[Faults.FaultyClock.Variable] = clock;
        settings[Faults.KillAtDurableStep.Variable] = fault;
        settings[Witnesses.JournalWriter.Variable] = options.Watched ? journal : null;
        var process =
            ChildProcess.Start(name, options.Program, arguments, Path.Combine(options.Logs, $"{name}.log"), settings);
        processes.Add(process);
        return process;
    }

    Dictionary<string, string?> Settings() => new(StringComparer.Ordinal)
    {
        ["LINEAGE_STATE"] = options.StateDirectory,
        ["LINEAGE_BROKER"] = broker?.Address,
        ["LINEAGE_POSTGRES"] = options.Database,
        ["LINEAGE_SERVER"] = Address.Port == 80 ? null : Address.ToString(),
        ["NO_COLOR"] = "1",
    };

    async Task StartServerAsync(CancellationToken cancellation)
    {
        File.Delete(Path.Combine(options.StateDirectory, "server.json"));   // an earlier server's says where nobody is now
        var place = api is null ? "http://127.0.0.1:0" : Address.GetLeftPart(UriPartial.Authority);
        var server = Start("server", ["server", "run", "--url", place], clock: ServerClock);
        using var deadline = new CancellationTokenSource(ReadyDeadline, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            while (await ReadyAddressAsync(either.Token) is not { } address)
            {
                if (server.HasExited) throw new WorldException($"The server ended while starting. It printed:\n{server.Tail()}");
                await Task.Delay(Poll, clock, either.Token);
            }
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw new WorldException($"The server was not ready within {ReadyDeadline.TotalSeconds:N0} s. It printed:\n{server.Tail()}");
        }
    }

    async Task<Uri?> ReadyAddressAsync(CancellationToken cancellation)
    {
        var file = Path.Combine(options.StateDirectory, "server.json");
        if (!File.Exists(file)) return null;
        using var announcement = JsonDocument.Parse(await File.ReadAllBytesAsync(file, cancellation));
        Address = new Uri(announcement.RootElement.GetProperty("url").GetString()!);
        api ??= new ApiReader(Address);
        using var http = new HttpClient { BaseAddress = Address };
        try
        {
            using var answer = await http.GetAsync(new Uri("health/ready", UriKind.Relative), cancellation);
            return answer.IsSuccessStatusCode ? Address : null;
        }
        catch (HttpRequestException)
        {
            return null;   // announced, not yet listening: ask again
        }
    }
}
