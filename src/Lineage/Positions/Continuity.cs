using System.Globalization;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Narration;
using Lineage.Restores;

namespace Lineage.Positions;

/// <summary>A save with its data position.</summary>
/// <param name="Samples">Samples consumed by all ranks together; null if none was recorded.</param>
public sealed record PositionedSave(CheckpointId Checkpoint, CheckpointId? Parent, bool IsSealed, long? Samples)
{
    /// <summary>A position is a whole number that a double holds exactly; anything else is none.</summary>
    public static long? Whole(double? value) => value is { } v and >= 0 and < 1L << 53 && double.IsInteger(v) ? (long)v : null;
}

/// <summary>One restart of a run.</summary>
/// <param name="Restored">Null: the initial state.</param>
/// <param name="Reached">Newest step that was known to be finished before; null if unknown.</param>
public sealed record Restart(RecoveryId Recovery, CheckpointId? Restored, Step? Reached)
{
    /// <summary>Null if it never chose a point, or failed: then nothing began there.</summary>
    public static Restart? Of(Recovery recovery) => recovery is { Choice: not null, Failed: null }
        ? new Restart(recovery.Id, recovery.Chosen, recovery.Started.ReachedStep)
        : null;
}

/// <summary>
/// Whether a run consumed its data without a gap and without a repeat. What is compared is a save and the save that it descends from: the
/// samples between them must be as many as the steps between them take, and that number is learned from saves within one generation.
/// </summary>
/// <remarks>
/// A restart gives work back: what was trained after the restored point is trained again, from the same position. These samples are read
/// twice, but the state that survives has seen them once; they are listed as redone and are no repeat. A repeat or a gap is when the
/// restored state goes on from another position than its own. Positions exist only where they were recorded
/// (<see cref="MetricNames.DataSamples"/>); elsewhere the answer is unknown and never exact.
/// </remarks>
public static class Continuity
{
    /// <param name="saves">All saves of the run, and those of other runs that they descend from if they are known.</param>
    public static DataContinuity Of(RunId run, IReadOnlyList<PositionedSave> saves, IReadOnlyList<Restart> restarts)
    {
        var byId = saves.ToDictionary(static save => save.Checkpoint);
        var own = saves.Where(save => save.Checkpoint.Run == run && save.IsSealed)
            .OrderBy(static save => save.Checkpoint.Generation).ThenBy(static save => save.Checkpoint.Step).ToList();
        var rate = Rate(own, byId);
        var breaks = own.Select(save => Break(save, byId, rate)).OfType<PositionBreak>().ToList();
        var restarted = restarts.OrderBy(static r => r.Recovery.Generation).Select(r => Of(r, own, byId, rate)).ToList();
        var recorded = own.Count(static save => save.Samples is not null);
        var verdict = breaks.Exists(static b => b.Verdict == ContinuityVerdict.Skipped) ? ContinuityVerdict.Skipped
            : breaks.Exists(static b => b.Verdict == ContinuityVerdict.Repeated) ? ContinuityVerdict.Repeated
            : rate is null || recorded < own.Count || restarted.Exists(static r => r.Verdict == ContinuityVerdict.Unknown)
                ? ContinuityVerdict.Unknown
                : ContinuityVerdict.Exact;
        return new DataContinuity(run, verdict, Why(verdict, recorded, own.Count, rate, breaks.Count), rate, recorded, own.Count, restarted,
            breaks);
    }

    /// <summary>Median of the samples per step between neighbours of one generation.</summary>
    static double? Rate(List<PositionedSave> own, Dictionary<CheckpointId, PositionedSave> byId)
    {
        var rates = own
            .Where(save => save.Parent is { } parent && parent.Run == save.Checkpoint.Run
                && parent.Generation == save.Checkpoint.Generation)
            .Select(save => (Save: save, Parent: byId.GetValueOrDefault(save.Parent!.Value)))
            .Where(static pair => pair.Save.Samples is not null && pair.Parent?.Samples is not null
                && pair.Save.Checkpoint.Step > pair.Parent.Checkpoint.Step)
            .Select(static pair => (double)(pair.Save.Samples!.Value - pair.Parent!.Samples!.Value)
                / (pair.Save.Checkpoint.Step.Value - pair.Parent.Checkpoint.Step.Value))
            .Where(static rate => rate > 0).Order().ToList();
        return rates.Count == 0 ? null : rates[rates.Count / 2];
    }

    static PositionBreak? Break(PositionedSave save, Dictionary<CheckpointId, PositionedSave> byId, double? rate) =>
        save.Parent is { } id && byId.GetValueOrDefault(id) is { } parent
        && Compare(parent.Checkpoint.Step, parent.Samples, save, rate) is { Verdict: not ContinuityVerdict.Unknown, Range: { } range } found
            ? new PositionBreak(parent.Checkpoint, save.Checkpoint, found.Verdict, range, found.Detail)
            : null;

    /// <summary>Where a save stands against where it should, going on from a step and a position.</summary>
    static (ContinuityVerdict Verdict, SampleRange? Range, string Detail) Compare(
        Step from, long? samples, PositionedSave save, double? rate)
    {
        if (samples is not { } before || save.Samples is not { } got)
            return (ContinuityVerdict.Unknown, null, samples is null
                ? "no data position was recorded for the point that was gone on from"
                : $"no data position was recorded for {save.Checkpoint}");
        if (rate is not { } perStep) return (ContinuityVerdict.Unknown, null, "no two saves of one generation tell the samples per step");
        var steps = save.Checkpoint.Step.Value - from.Value;
        var expected = before + (long)Math.Round(perStep * steps);
        var slack = (long)Math.Floor(perStep);   // saves fall between whole steps only if they were told so: less than one step is no gap
        if (Math.Abs(got - expected) < Math.Max(1, slack)) return (ContinuityVerdict.Exact, null, $"goes on at sample {Number(before)}");
        return got > expected
            ? (ContinuityVerdict.Skipped, new SampleRange(before, before + (got - expected)),
                $"{Samples(got - expected)} skipped: {Number(steps)} steps take {Samples(expected - before)}, the position moved by "
                + $"{Number(got - before)}")
            : (ContinuityVerdict.Repeated, new SampleRange(Math.Max(0, before - (expected - got)), before),
                $"{Samples(expected - got)} repeated: {Number(steps)} steps take {Samples(expected - before)}, the position moved by "
                + $"{Number(got - before)}");
    }

    static RestartContinuity Of(
        Restart restart, List<PositionedSave> own, Dictionary<CheckpointId, PositionedSave> byId, double? rate)
    {
        var (step, samples) = restart.Restored is { } id
            ? (id.Step, byId.GetValueOrDefault(id)?.Samples)
            : (new Step(0), 0);
        var reached = Reached(restart, own, step);
        var (redone, exact) = Redone(restart, own, step, samples, reached, rate);
        var next = own.Find(save => save.Checkpoint.Generation == restart.Recovery.Generation && save.Checkpoint.Step > step);
        var (verdict, range, detail) = next is null
            ? (ContinuityVerdict.Unknown, null, "nothing was saved after this restart")
            : Compare(step, samples, next, rate);
        return new RestartContinuity(
            restart.Recovery, restart.Restored, reached, reached is { } r ? Math.Max(0, r.Value - step.Value) : null, redone, exact,
            verdict, range, detail);
    }

    /// <summary>What the launcher knew, or the newest save of the generation that ended, if it lies behind the restored point.</summary>
    static Step? Reached(Restart restart, List<PositionedSave> own, Step restored)
    {
        var saved = own.Where(save => IsBefore(save, restart) && save.Checkpoint.Step > restored)
            .Select(static save => save.Checkpoint.Step).DefaultIfEmpty(restored).Max();
        return restart.Reached is { } told ? (told > saved ? told : saved) : saved > restored ? saved : null;
    }

    static bool IsBefore(PositionedSave save, Restart restart) =>
        save.Checkpoint.Generation.Value == restart.Recovery.Generation.Value - 1;

    static (SampleRange? Range, bool IsExact) Redone(
        Restart restart, List<PositionedSave> own, Step step, long? samples, Step? reached, double? rate)
    {
        if (samples is not { } from || reached is not { } until || until <= step) return (null, true);
        if (own.FindLast(save => save.Checkpoint.Step == until && IsBefore(save, restart))?.Samples
            is { } known and > 0 && known >= from)
            return (new SampleRange(from, known), true);
        return rate is { } perStep
            ? (new SampleRange(from, from + (long)Math.Round(perStep * (until.Value - step.Value))), false)
            : (null, false);
    }

    static string Why(ContinuityVerdict verdict, int recorded, int saves, double? rate, int breaks)
    {
        var basis = $"{Number(recorded)} of {Quantities.Plural(saves, "save")} have a data position ({MetricNames.DataSamples})"
            + (rate is { } r ? $", {r.ToString("0.##", CultureInfo.InvariantCulture)} samples a step" : "");
        return verdict switch
        {
            ContinuityVerdict.Exact => $"{basis}: every save goes on where the one it descends from stood",
            ContinuityVerdict.Unknown => $"{basis}: no gap and no repeat is on record, but not every stretch can be judged",
            _ => $"{basis}: {Quantities.Plural(breaks, "stretch", "stretches")} do not go on where the save before stood",
        };
    }

    static string Samples(long count) => Quantities.Plural(count, "sample");

    static string Number(long value) => Quantities.Number(value);
}
