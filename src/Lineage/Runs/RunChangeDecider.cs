using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Decisions;

namespace Lineage.Runs;

/// <summary>
/// What people decide about a run: names for checkpoints, policies, where it goes on from, and that it is over. Only what concerns the
/// line of training waits for the writer to be gone; a person who wants to turn back stops the launcher first.
/// </summary>
/// <remarks>A crash after any of these events loses nothing: each is a whole decision, and the repeat of its command changes
/// nothing.</remarks>
public static class RunChangeDecider
{
    /// <summary>More names on one run are refused: each is loaded with every decision about it.</summary>
    public const int TagsMax = 1_000;

    /// <param name="state">Null if the run does not exist.</param>
    public static Decision Decide(Run? state, RunChange change) => (state, change) switch
    {
        (_, RunChange.Fork c) => ForkDecider.Decide(state, c),
        (null, _) => Refusals.NoSuchRun(change.Run),
        (_, RunChange.PlaceTag c) => PlaceTag(state, c),
        (_, RunChange.RemoveTag c) => RemoveTag(state, c),
        (_, RunChange.ChangePolicy c) => ChangePolicy(state, c),
        (_, RunChange.ChangeRetention c) => ChangeRetention(state, c),
        (_, RunChange.Rewind c) => Rewind(state, c),
        (_, RunChange.Archive c) => Archive(state, c),
        _ => throw new ArgumentOutOfRangeException(nameof(change), change, "Not a change of a run."),
    };

    /// <summary>
    /// Placing is stated against what the tag named: of two people who move it at once, the second one is told what the first one did.
    /// </summary>
    static Decision PlaceTag(Run run, RunChange.PlaceTag c)
    {
        CheckpointId? now = run.Tags is { } tags && tags.TryGetValue(c.Tag, out var named) ? named : null;
        if (now == c.Checkpoint) return Decision.Done;
        if (Wording.OfTag(c.Tag) is { } unfit) return unfit;
        if (c.Checkpoint.Run != run.Id)
            return Refusals.BadRequest(
                $"Tag {c.Tag} of run {run.Id} was to name {c.Checkpoint}, which belongs to another run. Nothing was changed. "
                + $"Tag it there: run {c.Checkpoint.Run}.");
        if (now != c.Before) return TagMoved(run, c, now);
        if (c.Target is null) return Refusals.NoSuchCheckpoint(c.Checkpoint);
        if (Standing.ForKeeping(c.Target, "tag it") is { } gone) return gone;
        return now is null && run.Tags?.Count >= TagsMax
            ? Refusals.BadRequest(
                $"Run {run.Id} has {Refusals.Number(TagsMax)} tags, and no more are allowed. Nothing was changed. Remove one first.")
            : Decision.Accept(new TagPlaced(run.Id, c.Tag, c.Checkpoint, now, c.At));
    }

    static Decision.Refused TagMoved(Run run, RunChange.PlaceTag c, CheckpointId? now) => Refusals.Of(
        ProblemCodes.VersionMismatch, 412, "The tag names something else",
        $"Tag {c.Tag} of run {run.Id} names {now?.ToString() ?? "nothing"}, expected {c.Before?.ToString() ?? "nothing"}. "
        + "Nothing was changed. To move it, say what it names now ('lineage tag set --move' does).",
        ("tag", c.Tag), ("names", now));

    static Decision RemoveTag(Run run, RunChange.RemoveTag c) =>
        run.Tags is { } tags && tags.TryGetValue(c.Tag, out var named) ? Decision.Accept(new TagRemoved(run.Id, c.Tag, named, c.At))
        : run.Untagged?.Contains(c.Tag) is true ? Decision.Done
        : NoSuchTag(run, c.Tag);

    /// <summary>Names the tags that there are.</summary>
    public static Decision.Refused NoSuchTag(Run run, string tag)
    {
        const int shownMax = 20;
        var tags = run.Tags?.Keys.Order(StringComparer.Ordinal).ToList() ?? [];
        var there = tags.Count == 0 ? "it has none"
            : $"it has {string.Join(", ", tags.Take(shownMax))}{(tags.Count > shownMax ? " …" : "")}";
        return Refusals.Of(
            ProblemCodes.NoSuchTag, 404, "No such tag",
            $"Run {run.Id} has no tag \"{(tag.Length > 80 ? tag[..80] + "…" : tag)}\"; {there}. 'lineage tag set' places one.",
            ("tags", tags.Take(shownMax)));
    }

    static Decision ChangePolicy(Run run, RunChange.ChangePolicy c)
    {
        if (c.Policy == run.Policy) return Decision.Done;
        if (c.Policy.Objection() is { } objection)
            return Refusals.BadRequest($"The save policy of run {run.Id} cannot be followed: {objection} It is unchanged.");
        if (Wording.OfReason(c.Reason) is { } mute) return mute;
        return Refusals.TakesNoWriter(run) is { } over ? over : Decision.Accept(new PolicyChanged(run.Id, c.Policy, c.Reason, c.At));
    }

    static Decision ChangeRetention(Run run, RunChange.ChangeRetention c)
    {
        if (c.Policy == run.Retention) return Decision.Done;
        if (c.Policy?.Objection() is { } objection)
            return Refusals.BadRequest($"The retention policy of run {run.Id} cannot be followed: {objection} It is unchanged.");
        return Wording.OfReason(c.Reason) is { } mute ? mute : Decision.Accept(new RetentionChanged(run.Id, c.Policy, c.Reason, c.At));
    }

    static Decision Rewind(Run run, RunChange.Rewind c)
    {
        if (run.Rewound is [.., var last] && last.To == c.To && last.Generation == run.Generation) return Decision.Done;
        if (Wording.OfReason(c.Reason) is { } mute) return mute;
        if (Refusals.TakesNoWriter(run) is { } over) return over;
        if (c.To.Run != run.Id)
            return Refusals.BadRequest(
                $"Run {run.Id} was to be rewound to {c.To}, which belongs to another run. Nothing was changed. "
                + "Fork that checkpoint to train on from it.");
        if (RunDecider.IsLive(run, c.LeaseUntil, c.At)) return Live(run, c.LeaseUntil!.Value, "rewound");
        if (Objection(c.To, c.History) is { } objection) return objection;
        return WithoutWriter(run, c.At, new RunRewound(run.Id, c.To, run.Generation, c.Reason, c.At));
    }

    /// <summary>Null if a run can be rewound there.</summary>
    static Decision.Refused? Objection(CheckpointId to, History history)
    {
        var known = history.Known().ToDictionary(static c => c.Id);
        if (!known.TryGetValue(to, out var target)) return Refusals.NoSuchCheckpoint(to);
        var why = history.Off.Any(c => c.Id == to) ? history.WhyOff(target)
            : Standing.WhyNotUsable(ChainBuilder.Build(target, id => known.GetValueOrDefault(id)));
        return why is null ? null : Refusals.Of(
            ProblemCodes.NoRestorePoint, 409, "Nothing to rewind to",
            $"{to} cannot be what the run goes on from: {why}. The run was not rewound. "
            + $"'lineage restore-point list {to.Run} --explain' shows what can be; a fork reaches what is off the history.");
    }

    static Decision Archive(Run run, RunChange.Archive c) =>
        run.Archived is not null ? Decision.Done
        : Wording.OfReason(c.Reason) is { } mute ? mute
        : RunDecider.IsLive(run, c.LeaseUntil, c.At) ? Live(run, c.LeaseUntil!.Value, "archived")
        : WithoutWriter(run, c.At, new RunArchived(run.Id, c.Reason, c.At));

    /// <summary>A lease that ran out ends here, so that its silent holder cannot renew it and go on as if nothing was
    /// decided.</summary>
    static Decision WithoutWriter(Run run, DateTimeOffset at, object decided) => run.Lease == LeasePhase.Held
        ? Decision.Accept(new LeaseExpired(run.Id, run.Generation, run.Holder!.Value, at), decided)
        : Decision.Accept(decided);

    static Decision.Refused Live(Run run, DateTimeOffset until, string wanted) => Refusals.Of(
        ProblemCodes.RunLive, 409, "The run is being written",
        $"Run {run.Id} is written by {run.Holder} under generation {run.Generation} until {Refusals.Time(until)} unless renewed, so it "
        + $"cannot be {wanted}. Nothing was changed. Stop that launcher (Ctrl-C gives the lease back), then ask again.",
        ("holder", run.Holder), ("generation", run.Generation), ("until", until));
}
