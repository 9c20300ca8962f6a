using Lineage.Contracts.Api;

namespace Lineage.Cli.Rendering;

/// <summary>Which exit code a problem ends a verb with (docs/CLI.md, "Exit codes").</summary>
internal static class ProblemExit
{
    public static int CodeOf(Problem problem) => problem.Code switch
    {
        ProblemCodes.BadRequest or ProblemCodes.BadReference or ProblemCodes.AmbiguousReference or ProblemCodes.InvalidMark
            => ExitCodes.Usage,
        ProblemCodes.NoSuchRun or ProblemCodes.NoSuchCheckpoint or ProblemCodes.NoSuchRecovery or ProblemCodes.NotFound
            or ProblemCodes.NoSuchKey or ProblemCodes.CorpusMissing
            or ProblemCodes.NoSpike or ProblemCodes.NoSuchTag or ProblemCodes.NoSuchMark or ProblemCodes.NoSuchMetric
            => ExitCodes.NotFound,
        ProblemCodes.ShardDamaged or ProblemCodes.OutboxCorrupt => ExitCodes.FoundDamage,
        ProblemCodes.NoRestorePoint => ExitCodes.NoRestorePoint,
        ProblemCodes.ServerUnreachable or ProblemCodes.DatabaseUnreachable or ProblemCodes.BrokerUnreachable
            or ProblemCodes.NotReady => ExitCodes.ServerUnreachable,
        ProblemCodes.RunLive or ProblemCodes.VersionMismatch => ExitCodes.ConcurrentChange,
        ProblemCodes.ConcurrentChange or ProblemCodes.LeaseHeld or ProblemCodes.StaleGeneration or ProblemCodes.StateLocked
            or ProblemCodes.PlanOutdated
            => ExitCodes.ConcurrentChange,
        _ => problem.Status is 401 or 403 ? ExitCodes.NotAuthorised : ExitCodes.Failed,
    };
}
