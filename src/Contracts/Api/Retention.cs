namespace Lineage.Contracts.Api;

/// <summary>Which of two values of a metric is the better one.</summary>
public enum MetricOrder { LowerIsBetter, HigherIsBetter }

/// <summary>
/// Which checkpoints of a run stay. Part of <see cref="Events.RetentionChanged"/>, so its shape only grows. A checkpoint stays if any rule
/// keeps it; pins, holds, tags and whatever a kept one is built on stay in any case.
/// </summary>
/// <param name="Latest">Newest verified ones of the history.</param>
/// <param name="Best">Best ones by <paramref name="BestBy"/>; 0 without such a rule.</param>
/// <param name="BestBy">Name of a recorded metric; needed when <paramref name="Best"/> is not 0.</param>
/// <param name="Daily">Last one of each of so many days (UTC) that have any.</param>
/// <param name="Weekly">Last one of each of so many ISO weeks (UTC) that have any.</param>
/// <param name="GraceSeconds">Time between expiry and the deletion of bytes, in which expiry can be undone.</param>
/// <param name="VerifiedMin">Verified checkpoints that never fall victim to the rules, whatever these say.</param>
public sealed record RetentionPolicy(
    int Latest = 8, int Best = 0, string? BestBy = null, MetricOrder BestOrder = MetricOrder.LowerIsBetter, int Daily = 0, int Weekly = 0,
    int GraceSeconds = 86_400, int VerifiedMin = 2)
{
    const int KeepMax = 100_000, GraceMax = 366 * 86_400;

    /// <summary>Null if the policy can be followed; otherwise what is wrong with which field, got against allowed.</summary>
    public string? Objection() => this switch
    {
        { Latest: < 0 or > KeepMax } => $"latest is {Latest}; allowed are 0-{KeepMax}.",
        { Best: < 0 or > KeepMax } => $"best is {Best}; allowed are 0-{KeepMax}.",
        { Best: > 0, BestBy: null or "" } => $"best is {Best}, but bestBy names no metric.",
        { Daily: < 0 or > KeepMax } => $"daily is {Daily}; allowed are 0-{KeepMax}.",
        { Weekly: < 0 or > KeepMax } => $"weekly is {Weekly}; allowed are 0-{KeepMax}.",
        { GraceSeconds: < 0 or > GraceMax } => $"graceSeconds is {GraceSeconds}; allowed are 0-{GraceMax} s.",
        { VerifiedMin: < 1 or > KeepMax } => $"verifiedMin is {VerifiedMin}; allowed are 1-{KeepMax}.",
        _ => null,
    };
}
