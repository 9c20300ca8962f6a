using System.Globalization;
using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using static Lineage.Narration.Quantities;

namespace Lineage.Retention;

/// <summary>The rules of a policy, each over the restore points of the history, newest first. All count from the newest restore point, none
/// from the clock, so a run that stands still loses nothing by waiting.</summary>
static class RetentionRules
{
    public static IEnumerable<(CheckpointId Checkpoint, KeepReason Reason)> Of(
        RetentionPolicy policy, IReadOnlyList<Candidate> points, Func<CheckpointId, double?> metric) =>
        Latest(policy, points).Concat(Best(policy, points, metric))
            .Concat(LastOfEach(KeepRule.Daily, policy.Daily, points, Day)).Concat(LastOfEach(KeepRule.Weekly, policy.Weekly, points, Week));

    static IEnumerable<(CheckpointId, KeepReason)> Latest(RetentionPolicy policy, IReadOnlyList<Candidate> points) =>
        points.Take(policy.Latest).Select((point, i) =>
            (point.Id, new KeepReason(KeepRule.Latest, $"{Number(i + 1)} of the latest {Number(policy.Latest)}")));

    /// <summary>Values that are not numbers do not compete. Of equal ones the newest is the better.</summary>
    static IEnumerable<(CheckpointId, KeepReason)> Best(
        RetentionPolicy policy, IReadOnlyList<Candidate> points, Func<CheckpointId, double?> metric)
    {
        if (policy.Best == 0) return [];
        var valued = points.Select(point => (point.Id, Value: metric(point.Id)))
            .Where(static valued => valued.Value is { } value && double.IsFinite(value)).Select(static v => (v.Id, Value: v.Value!.Value));
        var ranked = policy.BestOrder == MetricOrder.LowerIsBetter
            ? valued.OrderBy(static v => v.Value)
            : valued.OrderByDescending(static v => v.Value);
        return ranked.ThenByDescending(static v => v.Id.Step).ThenByDescending(static v => v.Id.Generation).Take(policy.Best)
            .Select((v, i) => (v.Id, new KeepReason(KeepRule.Best, string.Create(
                CultureInfo.InvariantCulture, $"{i + 1} of the best {policy.Best} by {policy.BestBy} ({v.Value:G6})"))));
    }

    /// <summary>Days and weeks in which nothing was sealed do not count.</summary>
    static IEnumerable<(CheckpointId, KeepReason)> LastOfEach(
        KeepRule rule, int count, IReadOnlyList<Candidate> points, Func<DateTime, (string Name, int Order)> period) =>
        points.GroupBy(point => period(point.SealedAt!.Value.UtcDateTime)).OrderByDescending(static group => group.Key.Order).Take(count)
            .Select(group => (
                group.OrderByDescending(static c => c.SealedAt).ThenByDescending(static c => c.Id.Step)
                    .ThenByDescending(static c => c.Id.Generation).First().Id,
                new KeepReason(rule, $"last of {group.Key.Name}")));

    static (string, int) Day(DateTime at) =>
        (at.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), (int)(at.Ticks / TimeSpan.TicksPerDay));

    static (string, int) Week(DateTime at)
    {
        var (year, week) = (ISOWeek.GetYear(at), ISOWeek.GetWeekOfYear(at));
        return (string.Create(CultureInfo.InvariantCulture, $"week {year:0000}-W{week:00}"), (year * 100) + week);
    }

    /// <summary>Why a restore point goes: the rules that it does not meet.</summary>
    public static string Unmet(RetentionPolicy policy)
    {
        var rules = new List<string> { $"the latest {Number(policy.Latest)}" };
        if (policy.Best > 0) rules.Add($"the best {Number(policy.Best)} by {policy.BestBy}");
        if (policy.Daily > 0) rules.Add($"the last of {Plural(policy.Daily, "day")}");
        if (policy.Weekly > 0) rules.Add($"the last of {Plural(policy.Weekly, "week")}");
        return $"no rule keeps it: not among {string.Join(", ", rules)}";
    }
}
