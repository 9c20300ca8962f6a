using System.Globalization;
using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Scenarios.Real;
using Lineage.Contracts.Events;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>Partitions by the kernel's packet filter, in a network namespace of the harness' own. What was seen is what the filter
/// counted.</summary>
static class PartitionHands
{
    const int PacketsMin = 4;

    /// <summary>One rank reaches nobody and nobody reaches it: what it has open goes silent, and so does whatever it opens now.</summary>
    public static Task<string?> SilenceRankAsync(FilePlay play, ScheduledFault fault) => FilterAsync(play, fault, async chain =>
    {
        if (play.RankOf(fault) is not { } rank) return null;
        var open = await Connections.PortsOfAsync(rank, play.Stage.Cancellation);
        foreach (var port in open)
        {
            await chain.DropToAsync(port, play.Stage.Cancellation);
            await chain.DropFromAsync(port, play.Stage.Cancellation);
        }

        var group = ControlGroup.Make(ControlGroup.Unified);
        var rules = play.Held[fault.Id];
        play.Held[fault.Id] = new Undo(async () =>
        {
            await rules.DisposeAsync();   // who still names the group goes first
            group.Dispose();
        });
        group.Add(rank);
        await chain.DropOfAsync(group, play.Stage.Cancellation);
        return $"{open.Count} connections of process {rank} were silent, as are all that it makes";
    });

    /// <summary>One rank loses every connection that it has, and its launcher replaces it.</summary>
    public static async Task<string?> BreakRankAsync(FilePlay play, ScheduledFault fault)
    {
        var recoveries = await play.Stage.CountAsync<RecoveryStarted>();
        var seen = await FilterAsync(play, fault, async chain =>
        {
            if (play.RankOf(fault) is not { } rank) return null;
            var open = await Connections.PortsOfAsync(rank, play.Stage.Cancellation);
            foreach (var port in open) await chain.ResetAsync(port, play.Stage.Cancellation);
            return $"{open.Count} connections of process {rank} were broken off";
        });
        if (seen is null) return null;
        await play.Stage.UntilAsync("the launcher to notice", async () => await play.Stage.CountAsync<RecoveryStarted>() > recoveries);
        return $"{seen}, and a recovery began";
    }

    /// <summary>Nothing that anybody sends to the server arrives.</summary>
    public static Task<string?> SilenceServerAsync(FilePlay play, ScheduledFault fault) => FilterAsync(play, fault, async chain =>
    {
        await chain.DropToAsync(play.World.Address.Port, play.Stage.Cancellation);
        return "nothing reached the server";
    });

    /// <summary>What is asked is done; no answer arrives.</summary>
    public static Task<string?> MuteServerAsync(FilePlay play, ScheduledFault fault) => FilterAsync(play, fault, async chain =>
    {
        await chain.DropFromAsync(play.World.Address.Port, play.Stage.Cancellation);
        return "no answer of the server arrived";
    });

    /// <summary>Packets to and from the server or the broker vanish.</summary>
    public static Task<string?> BlackHoleAsync(FilePlay play, ScheduledFault fault) => FilterAsync(play, fault, async chain =>
    {
        if ((fault.Target.StartsWith("broker", StringComparison.Ordinal) ? play.World.Broker?.Port : play.World.Address.Port)
            is not { } port) return null;
        await chain.DropToAsync(port, play.Stage.Cancellation);
        await chain.DropFromAsync(port, play.Stage.Cancellation);
        return $"what went to and from {fault.Target} vanished";
    });

    /// <summary>The lower and the upper half of the ranks do not reach each other; server and launcher reach both.</summary>
    public static Task<string?> BridgeAsync(FilePlay play, ScheduledFault fault) => FilterAsync(play, fault, async chain =>
    {
        var ranks = play.RankProcesses();
        var lower = ranks.Take((ranks.Count + 1) / 2).ToHashSet();
        var all = await Connections.EstablishedAsync(play.Stage.Cancellation);
        var owners = all.Where(one => ranks.Contains(one.Process)).ToLookup(static one => (one.Local, one.Peer), static one => one.Process);
        var between = all.Where(one => ranks.Contains(one.Process)
            && owners[(one.Peer, one.Local)].Any(other => lower.Contains(other) != lower.Contains(one.Process))).ToList();
        if (between.Count == 0) return null;
        foreach (var one in between) await chain.DropBetweenAsync(one.Local, one.Peer, play.Stage.Cancellation);
        return string.Create(CultureInfo.InvariantCulture, $"{between.Count / 2} connections between the halves went silent");
    });

    /// <summary>Broken off and back, as often as the amount says, or four times.</summary>
    public static async Task<string?> FlapAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.Launcher is not { HasExited: false } launcher) return null;
        var rounds = fault.Amount > 0 ? fault.Amount : 4;
        play.LetGo(fault);
        var hits = await NetworkScenarios.FlapAsync(play.Stage, launcher, play.World.Address.Port, rounds);
        return hits > 0 ? $"{hits} packets were refused in {rounds} rounds" : null;
    }

    /// <summary>Rules that stay until the fault is healed; the rank that waits for them goes on, and packets have to be hit.</summary>
    /// <param name="rule">Null while there is nothing to harm.</param>
    static async Task<string?> FilterAsync(FilePlay play, ScheduledFault fault, Func<PacketChain, Task<string?>> rule)
    {
        if (play.Launcher is not { HasExited: false } launcher) return null;
        var chain = await PacketChain.MakeAsync(play.Stage.Cancellation);
        play.Held[fault.Id] = chain;
        if (await rule(chain) is not { } what)
        {
            await FilePlay.ReleaseAsync(play, fault);
            return null;
        }

        play.LetGo(fault);
        var hits = 0L;
        await play.Stage.UntilAsync("packets to be lost", async () =>
            (hits = await chain.HitsAsync(play.Stage.Cancellation)) >= PacketsMin || launcher.HasExited);
        if (hits > 0) return $"{what}; {hits} packets were lost";
        await FilePlay.ReleaseAsync(play, fault);
        return null;
    }
}
