using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using static Lineage.Narration.Quantities;

namespace Lineage.Narration;

/// <summary>What people decided about a run, and who asked for what, in one line.</summary>
static class People
{
    public static string Line(object @event) => @event switch
    {
        RunForked e => $"forked from {e.From}: {e.Reason}{Narrator.Labels(e.Labels)}",
        PolicyChanged e => $"save policy changed to full every {Plural(e.Policy.FullEvery, "save")}, chains of at most "
            + $"{Plural(e.Policy.DepthMax, "delta")}: {e.Reason}",
        RetentionChanged e => $"retention changed to {Rules(e.Policy)}: {e.Reason}",
        RunRewound e => $"rewound to {e.To}, what generation {e.Generation} saved after it is off the history: {e.Reason}",
        RunArchived e => $"archived: {e.Reason}",
        TagPlaced e => $"tag {e.Tag} names {e.Checkpoint}{(e.Before is { } before ? $", before {before}" : "")}",
        TagRemoved e => $"tag {e.Tag} removed from {e.Checkpoint}",
        AccessRecorded e => Access(e),
        AuditExported e => $"{e.Actor} exported {Plural(e.Events, "event")} as {e.Format} ({e.Filter})",
        KeyIssued e => $"key {e.Key} issued to {e.Actor} by {e.By}: {string.Join(", ", e.Roles).ToLowerInvariant()}"
            + $"{(e.Run is { } run ? $" of run {run}" : "")}{(e.ExpiresAt is { } until ? $", until {until:yyyy-MM-dd}" : "")}",
        KeyRevoked e => $"key {e.Key} revoked by {e.By}: {e.Reason}",
        _ => throw new ArgumentOutOfRangeException(nameof(@event), @event.GetType(), "Not an event about people."),
    };

    static string Access(AccessRecorded e)
    {
        var refused = e.Entries.Where(static entry => entry.Code is not null).ToArray();
        return $"{Plural(e.Entries.Sum(static entry => entry.Count ?? 1L), "request")} answered, "
            + $"{Number(refused.Sum(static entry => entry.Count ?? 1L))} of them refused"
            + (refused is [var first, ..] ? $" ({first.Actor} {first.Operation} {first.Target}: {first.Code})" : "")
            + (e.Dropped is { } dropped ? $"; {Plural(dropped, "earlier request")} not on record" : "");
    }

    /// <summary>For example <c>the latest 8, the best 2 by val_loss, 7 days</c>.</summary>
    public static string Rules(RetentionPolicy? policy)
    {
        if (policy is null) return "keep everything";
        List<string> rules = [];
        if (policy.Latest > 0) rules.Add($"the latest {Number(policy.Latest)}");
        if (policy.Best > 0) rules.Add($"the best {Number(policy.Best)} by {policy.BestBy}");
        if (policy.Daily > 0) rules.Add(Plural(policy.Daily, "day"));
        if (policy.Weekly > 0) rules.Add(Plural(policy.Weekly, "week"));
        return $"{(rules.Count > 0 ? string.Join(", ", rules) : "nothing")}, at least {Number(policy.VerifiedMin)} verified, "
            + $"grace {Number(policy.GraceSeconds)} s";
    }
}
