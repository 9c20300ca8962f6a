using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Decisions;

namespace Lineage.Retention;

/// <summary>
/// The end of a checkpoint: expired by a plan, taken back while its bytes are there, then reclaimed. A plan proposes; the guards here are
/// checked once more on what the checkpoint is at commit.
/// </summary>
/// <remarks>
/// Bytes may be deleted only after <see cref="ReclaimStarted"/>, which nothing takes back. Decide it while the run is held exclusively: a
/// save that is being opened or a recovery that is being started holds the run too, so either it is on record and its base is still needed,
/// or it comes later and finds the checkpoint expired.
/// </remarks>
public static class RetentionDecider
{
    /// <summary>Longer reasons are refused; they stay on record for ever.</summary>
    public const int ReasonCharactersMax = 1_000;

    const long BytesMax = 1L << 53;

    /// <param name="state">Null if it was never opened.</param>
    public static Decision Decide(Checkpoint? state, RetentionCommand command) => (state, command) switch
    {
        (null, _) => Refusals.NoSuchCheckpoint(command.Checkpoint),
        (_, RetentionCommand.Expire c) => Expire(state, c),
        (_, RetentionCommand.Undo c) => Undo(state, [], c),
        (_, RetentionCommand.StartReclaim c) => StartReclaim(state, c),
        (_, RetentionCommand.Reclaimed c) => Reclaimed(state, c),
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, "Not a command of retention."),
    };

    static Decision Expire(Checkpoint state, RetentionCommand.Expire c)
    {
        if (state.Ending is not null) return Decision.Done;
        if (!state.IsSealed) return NotExpirable(state);
        return HeldBy(state, c.At) ?? Decision.Accept(
            new CheckpointExpired(state.Id, c.Rule, c.Plan, c.At.AddSeconds(c.GraceSeconds), c.At));
    }

    /// <summary>What comes back needs its chain, so whatever of that is expired comes back with it, in one transaction.</summary>
    /// <param name="bases">Every link below it, nearest first.</param>
    public static Decision Undo(Checkpoint state, IReadOnlyList<Checkpoint> bases, RetentionCommand.Undo c)
    {
        if (c.Reason.Length is 0 or > ReasonCharactersMax)
            return Refusals.BadRequest($"Taking back the expiry of {state.Id} needs a reason of 1-{Refusals.Number(ReasonCharactersMax)} "
                + $"characters, got {Refusals.Number(c.Reason.Length)}. Nothing was changed.");
        if (!state.IsSealed) return NotExpirable(state);
        if (new[] { state }.Concat(bases).FirstOrDefault(static link => link.Phase == CheckpointPhase.Reclaimed) is { } gone)
            return TooLate(state, gone);
        if (state.Ending is null) return Decision.Done;
        List<object> events = [new ExpiryUndone(state.Id, c.Actor, c.Reason, c.At)];
        if (c.Pin) events.Add(new CheckpointPinned(state.Id, c.Actor, $"expiry undone: {c.Reason}", Until: null, c.At));
        return new Decision.Accepted(events)
        {
            Elsewhere =
            [
                .. bases.Where(static link => link.Ending is not null).Select(link => new Addressed(
                    link.Id.StreamKey, new ExpiryUndone(link.Id, c.Actor, $"base of {state.Id}: {c.Reason}", c.At))),
            ],
        };
    }

    static Decision StartReclaim(Checkpoint state, RetentionCommand.StartReclaim c)
    {
        if (state.Ending?.ReclaimStarted is not null) return Decision.Done;
        if (state.Ending?.Expired is null && state.Abandoned is null)
            return Refusals.Of(
                ProblemCodes.NotExpired, 409, "The checkpoint is not expired",
                $"Checkpoint {state.Id} is {Word(state.Phase)}; only what retention expired or what was abandoned can be reclaimed. "
                + $"Nothing was deleted. 'lineage retention plan {state.Id.Run}' says what keeps it.",
                ("phase", state.Phase));
        var after = state.Ending?.Expired?.ReclaimAfter ?? state.Opened.Deadline;
        if (c.At < after)
            return Refusals.Of(
                ProblemCodes.StillNeeded, 409, "The grace is not over",
                $"Checkpoint {state.Id} is {Word(state.Phase)} and its bytes stay until {Refusals.Time(after)}. Nothing was deleted. Ask "
                + "again then.",
                ("after", after));
        if (HeldBy(state, c.At) is { } held) return held;
        return c.Needs.Count > 0
            ? StillNeeded(state, c.Needs)
            : Decision.Accept(new ReclaimStarted(state.Id, c.Keeper, c.At));
    }

    static Decision Reclaimed(Checkpoint state, RetentionCommand.Reclaimed c)
    {
        if (state.Ending?.Reclaimed is not null) return Decision.Done;
        if (state.Ending?.ReclaimStarted is null)
            return Refusals.Of(
                ProblemCodes.NotExpired, 409, "Nobody was to delete the checkpoint",
                $"Checkpoint {state.Id} is {Word(state.Phase)} and no reclaim of it has begun, yet its bytes in tier {c.Tier} were "
                + "reported deleted. Nothing was recorded. Verify it: if bytes are missing they are found and named.",
                ("phase", state.Phase));
        if (c.Ranks.Any(rank => !state.Opened.WorldSize.Contains(rank)) || c.Ranks.Distinct().Count() != c.Ranks.Count
            || c.Bytes is < 0 or >= BytesMax || c.Tier.Length is 0 or > 64)
            return Refusals.BadRequest($"The report on the reclaim of {state.Id} names ranks outside its world of {state.Opened.WorldSize} "
                + $"or one twice, a size outside 0-2^53 B ({c.Bytes}), or no tier. Nothing was recorded.");
        return Decision.Accept(new ShardsReclaimed(state.Id, [.. c.Ranks.Order()], c.Bytes, c.Tier, c.At));
    }

    /// <summary>Marks that were made since the plan was, or after expiry: they win.</summary>
    static Decision.Refused? HeldBy(Checkpoint state, DateTimeOffset at)
    {
        var marks = state.Marks ?? CheckpointMarks.None;
        if (marks.Holds.Count > 0)
            return Refusals.Of(
                ProblemCodes.HoldInForce, 409, "A legal hold lies on the checkpoint",
                $"Checkpoint {state.Id} is under legal hold {string.Join(", ", marks.Holds.Keys)}. Nothing was changed and no byte was "
                + "deleted. Who has the right to may lift it.",
                ("holds", marks.Holds.Keys));
        return marks is { Pin: { } pin } && marks.IsPinned(at)
            ? StillNeeded(state, [new KeepReason(KeepRule.Pin, RetentionPlanner.Pinned(pin.Actor, pin.Until, pin.Reason))])
            : null;
    }

    static Decision.Refused StillNeeded(Checkpoint state, IReadOnlyList<KeepReason> needs) => Refusals.Of(
        ProblemCodes.StillNeeded, 409, "The checkpoint is still needed",
        $"Checkpoint {state.Id} is {Word(state.Phase)}, but {string.Join("; ", needs.Take(5).Select(static need => need.Detail))}"
        + (needs.Count > 5 ? $"; and {Refusals.Number(needs.Count - 5)} more" : "") + ". Nothing was deleted. "
        + $"'lineage retention plan {state.Id.Run}' shows what holds what.",
        ("heldBy", needs));

    static Decision.Refused NotExpirable(Checkpoint state) => Refusals.Of(
        ProblemCodes.NotExpired, 409, "The checkpoint was never sealed",
        $"Checkpoint {state.Id} is {Word(state.Phase)}: only a sealed checkpoint expires, and only an expired one comes back. "
        + "Nothing was changed.",
        ("phase", state.Phase));

    static Decision.Refused TooLate(Checkpoint state, Checkpoint gone) => Refusals.Of(
        ProblemCodes.GraceOver, 409, "The grace is over",
        $"The expiry of {state.Id} cannot be taken back: the bytes of {gone.Id} are being deleted since "
        + $"{Refusals.Time(gone.Ending!.ReclaimStarted!.At)}. Nothing was changed. Restore another checkpoint: 'lineage restore-point list "
        + $"{state.Id.Run}'.",
        ("since", gone.Ending.ReclaimStarted.At));

    /// <summary>Why nobody should begin to restore it; null if somebody may. The grace is for those who began before it expired.</summary>
    public static Decision.Refused? Unrestorable(Checkpoint state) => state switch
    {
        { Phase: CheckpointPhase.Reclaimed } => Refusals.Of(
            ProblemCodes.Reclaimed, 410, "The checkpoint is reclaimed",
            $"The bytes of {state.Id} were given up on {Refusals.Time(state.Ending!.ReclaimStarted!.At)}; its record stays. "
            + $"Restore another: 'lineage restore-point list {state.Id.Run}'."),
        { Phase: CheckpointPhase.Expired, Ending.Expired: { } expired } => Refusals.Of(
            ProblemCodes.NoRestorePoint, 409, "The checkpoint is expired",
            $"Checkpoint {state.Id} is expired ({expired.Rule}) and its bytes may go from {Refusals.Time(expired.ReclaimAfter)} on, so no "
            + $"restore begins from it. Nothing was changed. Take the expiry back first: lineage retention undo {state.Id}",
            ("reclaimAfter", expired.ReclaimAfter)),
        _ => null,
    };

    static string Word(CheckpointPhase phase) => phase.ToString().ToLowerInvariant();
}
