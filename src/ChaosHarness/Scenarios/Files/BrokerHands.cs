using System.Globalization;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.PowerLoss;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Messages;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>What an administrator, an empty disk or a loss of power does to our own RabbitMQ.</summary>
static class BrokerHands
{
    const string MemoryOtherwise = "0.4", DiskOtherwise = "50MB";

    /// <summary>The power of the broker's disk goes and comes back; what it had not synced is gone.</summary>
    public static async Task<string?> LosePowerAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.World.Broker is not { } broker || play.BrokerDisk is not { } disk) return null;
        disk.CutPower(PowerCut.NothingFlushed);
        await broker.KillAsync(play.Stage.Cancellation);
        disk.Unmount();
        disk.Mount();
        await broker.RestartAsync(play.Stage.Cancellation);
        play.LetGo(fault);
        return "the broker's disk was cut off and mounted again, and it was started over what was left";
    }

    /// <summary>The server is away, so that reports wait in the queue; somebody empties it.</summary>
    public static async Task<string?> PurgeAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.World.Broker is not { } broker || play.World.Server is not { HasExited: false } server) return null;
        server.Send(Signal.Kill);
        await server.WaitAsync(play.Stage.Cancellation);
        play.Held[fault.Id] = new Undo(() => play.World.RestartServerAsync(CancellationToken.None));
        play.LetGo(fault);
        var waiting = 0;
        await play.Stage.UntilAsync("a report to wait in the queue", async () =>
            (waiting = await WaitingAsync(broker, play.Stage.Cancellation)) > 0);
        await broker.ControlAsync(play.Stage.Cancellation, "purge_queue", BusTopology.FactsQueue);
        return $"{waiting} messages were thrown away while no server listened";
    }

    /// <summary>Under the servers that listen to it. Whoever publishes is told that all is well, and nobody gets it.</summary>
    public static async Task<string?> DeleteAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.World.Broker is not { } broker) return null;
        await broker.ControlAsync(play.Stage.Cancellation, "delete_queue", BusTopology.FactsQueue);
        play.LetGo(fault);
        return $"{BusTopology.FactsQueue} was deleted under its consumers";
    }

    public static Task<string?> AlarmMemoryAsync(FilePlay play, ScheduledFault fault) =>
        AlarmAsync(
            play, fault, ["set_vm_memory_high_watermark", "absolute", "1MB"], ["set_vm_memory_high_watermark", MemoryOtherwise], "memory");

    public static Task<string?> AlarmDiskAsync(FilePlay play, ScheduledFault fault) =>
        AlarmAsync(play, fault, ["set_disk_free_limit", "900000GB"], ["set_disk_free_limit", DiskOtherwise], "disk");

    /// <summary>Who publishes is blocked until the alarm is over.</summary>
    static async Task<string?> AlarmAsync(FilePlay play, ScheduledFault fault, string[] raise, string[] lower, string resource)
    {
        if (play.World.Broker is not { } broker) return null;
        await broker.ControlAsync(play.Stage.Cancellation, raise);
        play.Held[fault.Id] = new Undo(() => broker.ControlAsync(CancellationToken.None, lower));
        play.LetGo(fault);
        var blocked = 0;
        await play.Stage.UntilAsync("a publisher to be blocked", async () => (blocked = Count(
            await broker.ControlAsync(play.Stage.Cancellation, "list_connections", "state"), "blocked")) > 0);
        return $"the {resource} alarm is on; {blocked} connections that published are blocked";
    }

    static async Task<int> WaitingAsync(PrivateRabbitMq broker, CancellationToken ct) =>
        (await broker.ControlAsync(ct, "list_queues", "name", "messages_ready")).Split('\n')
            .Select(static line => line.Split('\t')).Where(static words => words is [BusTopology.FactsQueue, _])
            .Select(static words => int.Parse(words[1], NumberStyles.None, CultureInfo.InvariantCulture)).FirstOrDefault();

    static int Count(string text, string line) => text.Split('\n').Count(one => one.Trim() == line);
}
