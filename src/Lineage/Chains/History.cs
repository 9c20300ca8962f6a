using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Narration;

namespace Lineage.Chains;

/// <summary>What a generation's recovery did to the history: where the run turned back to.</summary>
/// <param name="Generation">The generation that the recovery started.</param>
/// <param name="HasChoice">False when no restore point could be chosen.</param>
/// <param name="Chosen">The restore point; null with <paramref name="HasChoice"/>: the initial state.</param>
public sealed record HistoryTurn(Generation Generation, RecoveryPhase Phase, bool HasChoice, CheckpointId? Chosen);

/// <summary>A stretch of the history: the checkpoints of one generation up to a step.</summary>
/// <param name="UpTo">Null: all of them.</param>
/// <param name="TurnedBackBy">The later generation whose restore point ends this stretch; null for the newest.</param>
/// <param name="Rewound">The rewind that ends this stretch; null if none does.</param>
public sealed record Stretch(Generation Generation, Step? UpTo, Generation? TurnedBackBy, RunRewound? Rewound = null);

/// <summary>Another run that this one was forked from, with what its part of the line is read from.</summary>
/// <param name="From">Where this run leaves it.</param>
/// <param name="Checkpoints">All checkpoints of that run, in any order.</param>
/// <param name="Turns">All its recoveries, in any order.</param>
/// <param name="Further">What that run was forked from itself; null for a run of its own.</param>
public sealed record Ancestry(
    CheckpointId From, IReadOnlyList<Candidate> Checkpoints, IReadOnlyList<HistoryTurn> Turns, Ancestry? Further = null);

/// <summary>What people decided about the line of a run.</summary>
/// <param name="Rewinds">Oldest first.</param>
/// <param name="Ancestry">Null for a run of its own, or where nobody asks behind the fork.</param>
public sealed record Course(IReadOnlyList<RunRewound> Rewinds, Ancestry? Ancestry = null)
{
    public static Course Straight { get; } = new([]);
}

/// <summary>
/// The line of training that leads to where a run stands: the checkpoints of its newest generation, then those of the restore point's
/// generation up to that step, and so on. What a later generation turned back from is off the history: it exists, but nothing may build on
/// it. The same holds of what lies behind a rewind, also of saves that the generations of before the rewind still finish after it.
/// </summary>
/// <remarks>
/// Where a forked run ends, its line goes on in the run that it was forked from (<paramref name="Before"/>): those are restore points, but
/// no bases, so that the bytes of two runs never depend on each other (docs/adr/0012).
/// A recovery that never completed and under which nothing was sealed did not turn the history: the run may still restore what it could
/// before. Generations strictly fall along the walk, so it ends, whatever the store says.
/// </remarks>
/// <param name="Generation">Newest generation of the walk.</param>
/// <param name="Stretches">Newest first.</param>
/// <param name="Candidates">Checkpoints on the history, newest first (by step, then generation).</param>
/// <param name="Off">Checkpoints of the run that are not, newest first.</param>
/// <param name="RestorePoint">Where the newest generation began; null for the initial state.</param>
/// <param name="Before">The line behind the fork, in the other run; null for a run of its own.</param>
public sealed record History(
    Generation Generation, IReadOnlyList<Stretch> Stretches, IReadOnlyList<Candidate> Candidates, IReadOnlyList<Candidate> Off,
    CheckpointId? RestorePoint, History? Before = null)
{
    public static History Empty { get; } = new(default, [], [], [], RestorePoint: null);

    /// <summary>What a writer of <paramref name="generation"/> may build on; the choice of its own recovery counts, completed or
    /// not.</summary>
    /// <param name="checkpoints">All checkpoints of the run (of any phase), in any order.</param>
    /// <param name="turns">All recoveries of the run, in any order.</param>
    /// <param name="course">Rewinds of the run and what it was forked from; null: neither.</param>
    public static History ForWriting(
        Generation generation, IEnumerable<Candidate> checkpoints, IEnumerable<HistoryTurn> turns, Course? course = null) =>
        HistoryWalk.From(new Stretch(generation, UpTo: null, TurnedBackBy: null), writing: true, checkpoints, turns, course);

    /// <summary>What the recovery that begins <paramref name="next"/> may restore.</summary>
    /// <inheritdoc cref="ForWriting"/>
    public static History ForRestoring(
        Generation next, IEnumerable<Candidate> checkpoints, IEnumerable<HistoryTurn> turns, Course? course = null) =>
        HistoryWalk.From(
            new Stretch(new Generation(Math.Max(0, next.Value - 1)), UpTo: null, TurnedBackBy: null), writing: false, checkpoints, turns,
            course);

    /// <summary>The checkpoint and what it descends from, whatever became of the run since: a rewind does not reach it.</summary>
    public static History At(
        CheckpointId point, IEnumerable<Candidate> checkpoints, IEnumerable<HistoryTurn> turns, Ancestry? further = null) =>
        HistoryWalk.From(
            new Stretch(point.Generation, point.Step, TurnedBackBy: null), writing: false, checkpoints, turns, new Course([], further));

    /// <summary>The checkpoints of the whole line, those behind a fork last.</summary>
    public IEnumerable<Candidate> Line() => Before is null ? Candidates : Candidates.Concat(Before.Line());

    /// <summary>Everything that is known of, on the line or off it, in this run and in those that it descends from.</summary>
    public IEnumerable<Candidate> Known() => Before is null ? Candidates.Concat(Off) : Candidates.Concat(Off).Concat(Before.Known());

    /// <summary>A reason is said once for every checkpoint that it explains.</summary>
    static string Short(string reason) => reason.Length <= 80 ? reason : $"{reason.AsSpan(0, 79)}…";

    /// <summary>Why a checkpoint of the run is off the history.</summary>
    public string WhyOff(Candidate candidate)
    {
        var under = $"off history: written under generation {candidate.Id.Generation}";
        if (candidate.Id.Generation > Generation) return $"{under}, after generation {Generation}";
        var own = Stretches.FirstOrDefault(stretch => stretch.Generation == candidate.Id.Generation);
        var end = own ?? Stretches.FirstOrDefault(stretch => stretch.Generation < candidate.Id.Generation);
        return (own, end) switch
        {
            (_, { Rewound: { } rewind }) => $"{under}, behind {rewind.To}, to which the run was rewound: {Short(rewind.Reason)}",
            ({ UpTo: { } step, TurnedBackBy: { } by }, _) =>
                $"{under} after step {Quantities.Number(step.Value)}, from which generation {by} turned back",
            (null, { TurnedBackBy: { } later }) => $"{under}, behind which generation {later} turned back",
            _ when Stretches is [] => $"{under}, of which nothing is on the history",
            _ => $"{under}, before generation {Stretches[^1].Generation} began anew from "
                + (Before is { Stretches: [var fork, ..] } ? $"step {Quantities.Number(fork.UpTo?.Value ?? 0)} of the run that this one "
                    + "was forked from" : "the initial state"),
        };
    }
}
