using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Scenarios.Real;
using Lineage.Contracts.Api;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>What could be seen of a run at one moment; a service that is away shows nothing new.</summary>
sealed record FaultSight(IReadOnlyList<CheckpointView> Checkpoints, IReadOnlyList<LogEntry> Log)
{
    static readonly TimeSpan LookMax = TimeSpan.FromSeconds(1);

    public static async Task<FaultSight> LookAsync(Stage stage)
    {
        using var bound = new CancellationTokenSource(LookMax, stage.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, stage.Cancellation);
        try
        {
            var log = await stage.World.Api.LogAsync(stage.Run, either.Token);
            var views = await stage.World.Api.CheckpointsAsync(stage.Run, either.Token);
            stage.Record.Told(log);
            stage.Record.Told(views);
            return new FaultSight(views, log);
        }
        catch (Exception away) when (away is HttpRequestException or TaskCanceledException && !stage.Cancellation.IsCancellationRequested)
        {
            return new FaultSight([], []);
        }
    }

    /// <summary>Whether the nth event of that name is on record.</summary>
    public bool HasCome(FaultTrigger trigger) =>
        trigger.Event is { } name && Log.Count(one => string.Equals(one.Name, name, StringComparison.Ordinal)) >= trigger.Nth;
}
