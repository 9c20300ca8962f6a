using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Decisions;

namespace Lineage.Checkpoints;

/// <summary>
/// Pins, legal holds, metrics and exports of a checkpoint. Anybody may say them at any time after the seal, under damage too: they change
/// nothing of what was saved, only what is known of it and whether it is kept.
/// </summary>
/// <remarks>
/// Pin and expiry meet on one stream, so one of them comes first: a pin that comes second is refused, an expiry that comes second is
/// decided on the pin.
/// </remarks>
public static class MarkDecider
{
    /// <summary>Metrics in one record, metrics of one checkpoint, and holds on it.</summary>
    public const int RecordMax = 256, MetricsMax = 1_024, HoldsMax = 64;

    const int FormatMax = 32, TargetMax = 1_024;

    /// <param name="state">Null if it was never opened.</param>
    public static Decision Decide(Checkpoint? state, MarkCommand command) => (state, command) switch
    {
        (null, _) => Refusals.NoSuchCheckpoint(command.Checkpoint),
        (_, MarkCommand.Pin c) => Pin(state, c),
        (_, MarkCommand.Unpin c) => Unpin(state, c),
        (_, MarkCommand.PlaceHold c) => PlaceHold(state, c),
        (_, MarkCommand.LiftHold c) => LiftHold(state, c),
        (_, MarkCommand.RecordMetrics c) => RecordMetrics(state, c),
        (_, MarkCommand.RecordExport c) => RecordExport(state, c),
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, "Not a mark of a checkpoint."),
    };

    static Decision Pin(Checkpoint state, MarkCommand.Pin c)
    {
        if (Standing.ForKeeping(state, "pin it") is { } gone) return gone;
        if (Marks(state).Pin is { } pin && pin.Until == c.Until && string.Equals(pin.Reason, c.Reason, StringComparison.Ordinal))
            return Decision.Done;
        if (Wording.OfReason(c.Reason) is { } mute) return mute;
        return c.Until <= c.At
            ? Refusals.Of(
                ProblemCodes.InvalidMark, 400, "The pin would be over already",
                $"{c.Checkpoint} was to be pinned until {Refusals.Time(c.Until.Value)}, and it is {Refusals.Time(c.At)} now. "
                + "Nothing was changed. Give a later time, or none.")
            : Decision.Accept(new CheckpointPinned(c.Checkpoint, c.Actor, c.Reason, c.Until, c.At));
    }

    static Decision Unpin(Checkpoint state, MarkCommand.Unpin c) =>
        Standing.ForSaying(state, "unpin it") is { } gone ? gone
        : Marks(state).Pin is null ? Decision.Done
        : Wording.OfReason(c.Reason) is { } mute ? mute
        : Decision.Accept(new CheckpointUnpinned(c.Checkpoint, c.Actor, c.Reason, c.At));

    static Decision PlaceHold(Checkpoint state, MarkCommand.PlaceHold c)
    {
        if (Standing.ForKeeping(state, "place a hold on it") is { } gone) return gone;
        if (Wording.OfHold(c.Hold) is { } unfit) return unfit;
        if (Marks(state).Holds.TryGetValue(c.Hold, out var placed))
            return string.Equals(placed.Reason, c.Reason, StringComparison.Ordinal) ? Decision.Done : Refusals.Of(
                ProblemCodes.HoldInForce, 409, "The hold lies on it already",
                $"Hold {c.Hold} was placed on {c.Checkpoint} by {placed.Actor} on {Refusals.Time(placed.At)} for another reason: "
                + $"{placed.Reason}. It stays in force as it is. Place one of another name.",
                ("hold", c.Hold), ("by", placed.Actor));
        if (Wording.OfReason(c.Reason) is { } mute) return mute;
        return Marks(state).Holds.Count >= HoldsMax
            ? Refusals.BadRequest($"{Refusals.Number(HoldsMax)} holds lie on {c.Checkpoint}, and no more are allowed. Nothing was changed.")
            : Decision.Accept(new HoldPlaced(c.Checkpoint, c.Hold, c.Actor, c.Reason, c.At));
    }

    static Decision LiftHold(Checkpoint state, MarkCommand.LiftHold c)
    {
        if (Standing.ForSaying(state, "lift a hold from it") is { } gone) return gone;
        var marks = Marks(state);
        if (marks.Holds.ContainsKey(c.Hold))
            return Wording.OfReason(c.Reason) is { } mute ? mute
                : Decision.Accept(new HoldLifted(c.Checkpoint, c.Hold, c.Actor, c.Reason, c.At));
        return marks.Lifted?.Contains(c.Hold) is true ? Decision.Done : Wording.OfHold(c.Hold) is { } unfit ? unfit : Refusals.Of(
            ProblemCodes.NoSuchMark, 404, "No such hold",
            $"No hold {c.Hold} lies on {c.Checkpoint}; "
            + $"{(marks.Holds.IsEmpty ? "there is none" : $"there are {string.Join(", ", marks.Holds.Keys)}")}. Nothing was changed.",
            ("holds", marks.Holds.Keys));
    }

    static Decision RecordMetrics(Checkpoint state, MarkCommand.RecordMetrics c)
    {
        if (Standing.ForSaying(state, "record metrics of it") is { } gone) return gone;
        if (c.Metrics.Count is < 1 or > RecordMax)
            return Refusals.Of(
                ProblemCodes.InvalidMark, 400, "Too few or too many metrics",
                $"{Refusals.Number(c.Metrics.Count)} metrics of {c.Checkpoint} in one record: expected 1-{RecordMax}. "
                + "Nothing was recorded. Send them in several records.");
        foreach (var name in c.Metrics.Keys)
            if (Wording.OfMetric(name) is { } unfit) return unfit;
        var known = Marks(state).Metrics;
        var metrics = c.Metrics.Select(static m => new Metric(m.Key, Finite(m.Value)))
            .OrderBy(static m => m.Name, StringComparer.Ordinal).ToList();
        if (metrics.TrueForAll(m => known.TryGetValue(m.Name, out var value) && value == m.Value)) return Decision.Done;
        return known.Keys.Union(c.Metrics.Keys, StringComparer.Ordinal).Count() > MetricsMax
            ? Refusals.BadRequest(
                $"{c.Checkpoint} would have more than {Refusals.Number(MetricsMax)} metrics; it has {Refusals.Number(known.Count)}. "
                + "Nothing was recorded. Keep series in a tracker; a checkpoint has what it is judged by.")
            : Decision.Accept(new MetricsRecorded(c.Checkpoint, metrics, c.Actor, c.At));
    }

    static Decision RecordExport(Checkpoint state, MarkCommand.RecordExport c)
    {
        if (Standing.ForSaying(state, "record an export of it") is { } gone) return gone;
        if (c.Format is not { Length: >= 1 and <= FormatMax } || c.Target is not { Length: >= 1 and <= TargetMax } || c.Bytes < 0
            || c.Format.Any(char.IsControl) || c.Target.Any(char.IsControl))
            return Refusals.Of(
                ProblemCodes.InvalidMark, 400, "Not an export",
                $"An export of {c.Checkpoint} has a format of {c.Format.Length} characters (1-{FormatMax} allowed), a target of "
                + $"{Refusals.Number(c.Target.Length)} (1-{Refusals.Number(TargetMax)}, on one line) and {Refusals.Number(c.Bytes)} bytes. "
                + "Nothing was recorded.");
        return Marks(state).Exports.Exists(e => string.Equals(e.Format, c.Format, StringComparison.Ordinal) && e.Actor == c.Actor
                && string.Equals(e.Target, c.Target, StringComparison.Ordinal) && e.Bytes == c.Bytes && e.Digest == c.Digest)
            ? Decision.Done
            : Decision.Accept(new CheckpointExported(c.Checkpoint, c.Actor, c.Format, c.Target, c.Bytes, c.Digest, c.At));
    }

    static CheckpointMarks Marks(Checkpoint state) => state.Marks ?? CheckpointMarks.None;

    /// <summary>
    /// What is not finite is null, and so is what is beyond a whole number that a double holds exactly: the database gives such a number
    /// back as other text, whose digest would no longer be the event's. Minus zero is zero for the same reason.
    /// </summary>
    static double? Finite(double? value) =>
        value is not { } number || !(Math.Abs(number) <= CanonicalJson.WholeNumberMax) ? null : number == 0 ? 0 : number;
}
