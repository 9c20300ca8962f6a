using System.Globalization;
using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>
/// What lies between a run and its service where a file hurts a link: proxies of our own before the server and before the broker. Keeper
/// and harness do not go through them.
/// </summary>
sealed class FileLinks : IAsyncDisposable
{
    readonly TcpProxy? server, broker;

    FileLinks(TcpProxy? server, TcpProxy? broker) => (this.server, this.broker) = (server, broker);

    /// <summary>For the launcher; ranks are told by it.</summary>
    public string[] Arguments => server is null ? []
        : ["--server", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{server.Port}/")];

    /// <summary>Null: where it really is.</summary>
    public string? Broker => broker is null ? null
        : string.Create(CultureInfo.InvariantCulture, $"amqp://guest:guest@127.0.0.1:{broker.Port}/");

    /// <summary>Only where a fault needs it, so that all other files train without anything between.</summary>
    public static FileLinks Of(Schedule schedule, TrainingWorld world, TimeProvider clock)
    {
        var targets = schedule.Faults.Where(static one => RealInjectors.All[one.Kind].ThroughProxy)
            .Select(static one => IsBroker(one.Target)).ToHashSet();
        return new FileLinks(
            targets.Contains(false) ? new TcpProxy(world.Address.Port, clock, schedule.Seed) : null,
            targets.Contains(true) && world.Broker is { } node ? new TcpProxy(node.Port, clock, schedule.Seed) : null);
    }

    /// <summary>Null where there is no broker to reach.</summary>
    public TcpProxy? To(string target) => IsBroker(target) ? broker : server;

    static bool IsBroker(string target) => target.StartsWith("broker", StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        if (server is not null) await server.DisposeAsync();
        if (broker is not null) await broker.DisposeAsync();
    }
}
