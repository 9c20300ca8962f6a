using System.Globalization;

namespace Lineage.ChaosHarness.Worlds;

/// <summary>
/// A real RabbitMQ node of our own: unprivileged, on loopback ports only, with its data, logs, cookie and epmd inside one folder. Nothing
/// of an installed broker on the same machine is touched.
/// </summary>
public sealed class PrivateRabbitMq : IAsyncDisposable
{
    static readonly string[] Programs = ["/usr/lib/rabbitmq/bin/rabbitmq-server", "/usr/sbin/rabbitmq-server"];
    static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(90), Poll = TimeSpan.FromMilliseconds(100);

    readonly string folder, data;
    readonly string program;
    readonly TimeProvider clock;
    readonly int port, distributionPort, epmdPort;
    ChildProcess? epmd, server;
    int controls;

    PrivateRabbitMq(string folder, string data, string program, TimeProvider clock)
    {
        (this.folder, this.data, this.program, this.clock) = (folder, data, program, clock);
        (port, distributionPort, epmdPort) =
            Ports.Free(3) is [var a, var b, var c] ? (a, b, c) : throw new InvalidOperationException("Three ports were asked for.");
    }

    /// <summary>For clients on this machine. The account is the built-in guest, which works from loopback only.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"amqp://guest:guest@127.0.0.1:{port}/");

    /// <summary>The installed program, or null where RabbitMQ is not installed.</summary>
    public static string? Installed => Programs.FirstOrDefault(File.Exists);

    /// <summary>Where clients connect, on loopback.</summary>
    public int Port => port;

    /// <summary>The broker and its port mapper, as far as they live.</summary>
    public IEnumerable<int> Processes =>
        new[] { epmd, server }.OfType<ChildProcess>().Where(static one => !one.HasExited).Select(static one => one.Id);

    /// <summary>Says something to the node by its own tool, over its own cookie, and gives back what that printed.</summary>
    /// <exception cref="WorldException">It refused.</exception>
    public async Task<string> ControlAsync(CancellationToken cancellation, params string[] arguments)
    {
        var path = Path.Combine(folder, $"control-{++controls}.log");
        var tool = Path.Combine(Path.GetDirectoryName(program)!, "rabbitmqctl");
        await using var asked = ChildProcess.Start("rabbitmqctl", tool, ["-q", .. arguments], path, Settings());
        var exitCode = await asked.WaitAsync(cancellation);
        var said = await File.ReadAllTextAsync(path, cancellation);
        return exitCode == 0 ? said
            : throw new WorldException($"rabbitmqctl {string.Join(' ', arguments)} ended with {exitCode}: {said.Trim()}");
    }

    /// <param name="data">Where messages are kept, if not in <paramref name="folder"/>.</param>
    /// <exception cref="WorldException">RabbitMQ is not installed, or did not answer in time; the message ends with what it
    /// printed.</exception>
    public static async Task<PrivateRabbitMq> StartAsync(
        string folder, TimeProvider clock, CancellationToken cancellation, string? data = null)
    {
        var program =
            Installed ?? throw new WorldException("RabbitMQ is not installed here. Install it with: apt-get install rabbitmq-server");
        Directory.CreateDirectory(folder);
        var node = new PrivateRabbitMq(folder, data ?? Path.Combine(folder, "mnesia"), program, clock);
        node.WriteConfiguration();
        try
        {
            node.epmd = ChildProcess.Start(
                "epmd", "epmd", ["-address", "127.0.0.1", "-port", node.epmdPort.ToString(CultureInfo.InvariantCulture)],
                Path.Combine(folder, "epmd.log"));
            await node.StartServerAsync(cancellation);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>SIGKILL: unconfirmed publishes are lost, confirmed ones are not.</summary>
    public async Task KillAsync(CancellationToken cancellation)
    {
        if (server is null) return;
        if (BrokerProcessId() is { } broker) ChildProcess.Send(broker, Signal.Kill);
        await server.WaitAsync(cancellation);
        await server.DisposeAsync();
        server = null;
    }

    /// <summary>Starts the node again over the same data, on the same port.</summary>
    public Task RestartAsync(CancellationToken cancellation) => StartServerAsync(cancellation);

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            if (BrokerProcessId() is { } broker) ChildProcess.Send(broker, Signal.Terminate);
            await server.StopAsync(clock);
            await server.DisposeAsync();
        }

        if (epmd is not null) await epmd.DisposeAsync();
    }

    void WriteConfiguration()
    {
        File.WriteAllText(Path.Combine(folder, "rabbitmq.conf"), string.Create(CultureInfo.InvariantCulture, $"""
            listeners.tcp.1 = 127.0.0.1:{port}
            log.console = false
            log.file.level = info
            disk_free_limit.absolute = 50MB

            """));
        File.WriteAllText(Path.Combine(folder, "enabled_plugins"), "[].\n");
    }

    async Task StartServerAsync(CancellationToken cancellation)
    {
        server = ChildProcess.Start("rabbitmq", program, [], Path.Combine(folder, "rabbitmq.out"), Settings());
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var timer = clock.CreateTimer(_ => deadline.Cancel(), state: null, StartDeadline, Timeout.InfiniteTimeSpan);
        try
        {
            while (!await Ports.AnswersAsync(port, deadline.Token))
            {
                if (server.HasExited) throw new WorldException($"RabbitMQ ended while starting. It printed:\n{server.Tail()}");
                await Task.Delay(Poll, clock, deadline.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new WorldException(
                $"RabbitMQ did not answer on port {port} within {StartDeadline.TotalSeconds:N0} s. It printed:\n{server.Tail()}");
        }
    }

    Dictionary<string, string?> Settings() => new(StringComparer.Ordinal)
    {
        ["HOME"] = folder,
        ["ERL_EPMD_PORT"] = epmdPort.ToString(CultureInfo.InvariantCulture),
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
        ["RABBITMQ_NODENAME"] = string.Create(CultureInfo.InvariantCulture, $"lineage-{port}@localhost"),
        ["RABBITMQ_DIST_PORT"] = distributionPort.ToString(CultureInfo.InvariantCulture),
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
        ["RABBITMQ_MNESIA_BASE"] = data,
        ["RABBITMQ_LOG_BASE"] = Path.Combine(folder, "log"),
        ["RABBITMQ_CONFIG_FILE"] = Path.Combine(folder, "rabbitmq"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(folder, "enabled_plugins"),
        ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(folder, "none"),
        ["RABBITMQ_PID_FILE"] = Path.Combine(folder, "pid"),
    };

    int? BrokerProcessId()
    {
        var file = Path.Combine(folder, "pid");
        return File.Exists(file) && int.TryParse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? id : null;
    }
}
