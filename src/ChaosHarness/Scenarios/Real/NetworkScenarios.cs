using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Events;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <summary>Partitions of every shape, and a broker that dies with facts on their way.</summary>
static class NetworkScenarios
{
    static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(200);

    /// <summary>All ranks and their launcher on one side, the server alone on the other.</summary>
    public static Task MajorityAsync(Stage stage) => CutAsync(
        stage, "partition-majority", static (chain, port, ct) => chain.DropToAsync(port, ct));

    /// <summary>What is asked is done; no answer arrives.</summary>
    public static Task OneWayAsync(Stage stage) => CutAsync(
        stage, "partition-one-way", static (chain, port, ct) => chain.DropFromAsync(port, ct));

    static Task CutAsync(Stage stage, string kind, Func<PacketChain, int, CancellationToken, Task> cut)
    {
        const int packetsMin = 4;
        return HurtAsync(stage, ("opened", 3), (kind, "server:0", "iptables DROP in a network namespace of our own"), async (chain, rank) =>
        {
            await cut(chain, stage.World.Address.Port, stage.Cancellation);
            ChildProcess.Send(rank, Signal.Continue);
            var hits = 0L;
            await stage.UntilAsync(
                "packets to be lost", async () => (hits = await chain.HitsAsync(stage.Cancellation)) >= packetsMin);
            return $"{hits} packets were lost";
        });
    }

    /// <summary>One rank loses every connection that it has: to its peer, its server and its broker.</summary>
    public static Task MinorityAsync(Stage stage) => HurtAsync(
        stage, ("outbox-dir-synced", 3),
        ("partition-minority", "rank:1", "iptables REJECT with tcp-reset for every connection of the rank"),
        async (chain, rank) =>
        {
            var open = await Connections.PortsOfAsync(rank, stage.Cancellation);
            foreach (var port in open) await chain.ResetAsync(port, stage.Cancellation);
            ChildProcess.Send(rank, Signal.Continue);
            await stage.UntilAsync("the launcher to notice", async () => await stage.CountAsync<RecoveryStarted>() > 0);
            return $"{open.Count} connections were broken off and a recovery began";
        });

    /// <summary>Packets are filtered while a rank goes on from a durable step, until that was seen to have an effect.</summary>
    /// <param name="hurt">Makes the rules, lets the rank, whose process it is given, go on, and says what was seen.</param>
    static async Task HurtAsync(
        Stage stage, (string Step, int Occurrence) at, (string Kind, string Target, string Detail) what,
        Func<PacketChain, int, Task<string>> hurt)
    {
        var (launcher, rank) = await stage.LaunchStoppingAsync(at.Step, at.Occurrence);
        var fault = stage.Inject(what.Kind, what.Target, what.Detail);
        await using (var chain = await PacketChain.MakeAsync(stage.Cancellation)) stage.TookEffect(fault, await hurt(chain, rank));
        stage.Healed(fault, "rules removed");
        await stage.EndsAsync(launcher);
        await stage.JudgeEndAsync();
    }

    public static async Task FlappingAsync(Stage stage)
    {
        const int rounds = 4;
        var (launcher, rank) = await stage.LaunchStoppingAsync("opened", 2);
        var fault = stage.Inject("partition-flapping", "server:0", $"{rounds} times broken off and back");
        ChildProcess.Send(rank, Signal.Continue);
        var hits = await FlapAsync(stage, launcher, stage.World.Address.Port, rounds);
        if (hits > 0) stage.TookEffect(fault, $"{hits} packets were refused");
        stage.Healed(fault, "rules removed");
        await stage.EndsAsync(launcher);
        await stage.JudgeEndAsync();
    }

    /// <summary>Everything that is sent to a port is broken off and let through again, so many times or until the launcher ends.</summary>
    /// <returns>Packets that were refused.</returns>
    public static async Task<long> FlapAsync(Stage stage, ChildProcess launcher, int port, long rounds)
    {
        var hits = 0L;
        for (var round = 0L; round < rounds && !launcher.HasExited; round++)
        {
            await using (var chain = await PacketChain.MakeAsync(stage.Cancellation))
            {
                await chain.ResetAsync(port, stage.Cancellation);
                await stage.UntilAsync("a packet to be refused", async () =>
                    launcher.HasExited || await chain.HitsAsync(stage.Cancellation) > 0);
                hits += await chain.HitsAsync(stage.Cancellation);
            }

            await Task.Delay(Gap, stage.Clock, stage.Cancellation);
        }

        return hits;
    }

    public static async Task BrokerRestartAsync(Stage stage)
    {
        var broker = stage.World.Broker ?? throw new WorldException("This world has no broker.");
        var (launcher, rank) = await stage.LaunchStoppingAsync("outbox-dir-synced", 3);
        var fault = stage.Inject("broker-restart-mid-publish", "broker", "SIGKILL while a report is durable and not yet published");
        await broker.KillAsync(stage.Cancellation);
        ChildProcess.Send(rank, Signal.Continue);
        var outbox = Path.Combine(stage.World.StateDirectory, "runs", stage.Run.ToString(), "outbox-r1");
        if (Directory.EnumerateFiles(outbox, "*.json").Any())
            stage.TookEffect(fault, "the broker is gone and a report waits in the outbox");
        await broker.RestartAsync(stage.Cancellation);
        stage.Healed(fault, "started again over the same data");
        await stage.EndsAsync(launcher);
        await stage.JudgeEndAsync();
    }
}
