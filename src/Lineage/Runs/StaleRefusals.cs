using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Runs;

/// <summary>Names of what an outdated writer can try, as recorded in <see cref="StaleGenerationRefused.Attempt"/>.</summary>
public static class Attempts
{
    public const string
        OpenCheckpoint = "open-checkpoint", ReportDiff = "report-diff", StoreShard = "store-shard", Join = "join",
        RenewLease = "renew-lease",
        ReleaseLease = "release-lease", Complete = "complete-run", StartRecovery = "start-recovery", ChooseAgain = "choose-again",
        RankRestored = "rank-restored", ReportFailure = "report-failure";
}

/// <summary>Which stale refusals are on record already, so that a zombie cannot flood the run's stream.</summary>
public static class StaleRefusals
{
    /// <summary>Recorded per presented generation; more are refused just the same, without an event.</summary>
    public const int PerGenerationMax = 256;

    /// <summary>What makes two refusals the same: presented generation, rank, attempt and checkpoint.</summary>
    public static string Key(StaleGenerationRefused e) => Key(e.Presented, e.Rank, e.Attempt, e.Checkpoint);

    /// <summary>The event to record, or nothing if it is on record or the bound of its generation is reached.</summary>
    public static IReadOnlyList<object> Record(
        Run run, Generation presented, ActorId actor, Rank? rank, string attempt, CheckpointId? checkpoint, DateTimeOffset at)
    {
        if (run.Refusals.Contains(Key(presented, rank, attempt, checkpoint))) return [];
        var prefix = $"{presented} ";
        return run.Refusals.Count(key => key.StartsWith(prefix, StringComparison.Ordinal)) < PerGenerationMax
            ? [new StaleGenerationRefused(run.Id, presented, run.Generation, actor, rank, attempt, checkpoint, at)]
            : [];
    }

    static string Key(Generation presented, Rank? rank, string attempt, CheckpointId? checkpoint) =>
        $"{presented} {rank} {attempt} {checkpoint}";
}
