using Lineage.Contracts.Api;
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
public sealed record Stretch(Generation Generation, Step? UpTo, Generation? TurnedBackBy);

/// <summary>
/// The line of training that leads to where a run stands: the checkpoints of its newest generation, then those of the restore point's
/// generation up to that step, and so on. What a later generation turned back from is off the history: it exists, but nothing may build on
/// it.
/// </summary>
/// <remarks>
/// A recovery that never completed and under which nothing was sealed did not turn the history: the run may still restore what it could
/// before. Generations strictly fall along the walk, so it ends, whatever the store says.
/// </remarks>
/// <param name="Generation">Newest generation of the walk.</param>
/// <param name="Stretches">Newest first.</param>
/// <param name="Candidates">Checkpoints on the history, newest first (by step, then generation).</param>
/// <param name="Off">Checkpoints of the run that are not, newest first.</param>
/// <param name="RestorePoint">Where the newest generation began; null for the initial state.</param>
public sealed record History(
    Generation Generation, IReadOnlyList<Stretch> Stretches, IReadOnlyList<Candidate> Candidates, IReadOnlyList<Candidate> Off,
    CheckpointId? RestorePoint)
{
    public static History Empty { get; } = new(default, [], [], [], RestorePoint: null);

    /// <summary>What a writer of <paramref name="generation"/> may build on; the choice of its own recovery counts, completed or
    /// not.</summary>
    /// <param name="checkpoints">All checkpoints of the run (of any phase), in any order.</param>
    /// <param name="turns">All recoveries of the run, in any order.</param>
    public static History ForWriting(Generation generation, IEnumerable<Candidate> checkpoints, IEnumerable<HistoryTurn> turns) =>
        Walk(generation, writing: true, checkpoints, turns);

    /// <summary>What the recovery that begins <paramref name="next"/> may restore.</summary>
    /// <inheritdoc cref="ForWriting"/>
    public static History ForRestoring(Generation next, IEnumerable<Candidate> checkpoints, IEnumerable<HistoryTurn> turns) =>
        Walk(new Generation(Math.Max(0, next.Value - 1)), writing: false, checkpoints, turns);

    /// <summary>Why a checkpoint of the run is off the history.</summary>
    public string WhyOff(Candidate candidate)
    {
        var own = Stretches.FirstOrDefault(stretch => stretch.Generation == candidate.Id.Generation);
        if (own is { UpTo: { } step, TurnedBackBy: { } by })
            return $"off history: written under generation {own.Generation} after step {Quantities.Number(step.Value)}, "
                + $"from which generation {by} turned back";
        var turner = Stretches.Where(stretch => stretch.Generation < candidate.Id.Generation).Select(static stretch => stretch.TurnedBackBy)
            .FirstOrDefault();
        return turner is { } later
            ? $"off history: written under generation {candidate.Id.Generation}, behind which generation {later} turned back"
            : candidate.Id.Generation > Generation
                ? $"off history: written under generation {candidate.Id.Generation}, after generation {Generation}"
                : $"off history: written under generation {candidate.Id.Generation}, before generation {Stretches[^1].Generation} began "
                    + "anew from the initial state";
    }

    static History Walk(Generation generation, bool writing, IEnumerable<Candidate> checkpoints, IEnumerable<HistoryTurn> turns)
    {
        var newestFirst = checkpoints.OrderByDescending(static c => c.Id.Step).ThenByDescending(static c => c.Id.Generation).ToList();
        var turnOf = turns.GroupBy(static turn => turn.Generation).ToDictionary(static group => group.Key, static group => group.Last());
        var sealedUnder = newestFirst.Where(static c => c.IsSealed).Select(static c => c.Id.Generation).ToHashSet();
        var stretches = new List<Stretch>();
        for (Stretch? next = new(generation, UpTo: null, TurnedBackBy: null); next is not null && next.Generation.Value > 0;)
        {
            stretches.Add(next);
            var isWriter = writing && next.Generation == generation;
            next = Before(next, turnOf.GetValueOrDefault(next.Generation), sealedUnder.Contains(next.Generation), isWriter);
        }

        var upTo = stretches.ToDictionary(static stretch => stretch.Generation, static stretch => stretch.UpTo);
        var on = newestFirst.ToLookup(c => upTo.TryGetValue(c.Id.Generation, out var limit)
            && (limit is not { } step || c.Id.Step <= step));
        var begun = turnOf.GetValueOrDefault(generation) is { Phase: not RecoveryPhase.Failed } own ? own.Chosen : null;
        return new History(generation, stretches, [.. on[true]], [.. on[false]], begun);
    }

    static Stretch? Before(Stretch stretch, HistoryTurn? turn, bool hasSealed, bool isWriter)
    {
        if (turn is null) return null;   // the first lease: before it there was nothing
        var binding = turn.HasChoice && (hasSealed || isWriter || turn.Phase == RecoveryPhase.Completed);
        if (!binding) return stretch with { Generation = new Generation(stretch.Generation.Value - 1) };
        return turn.Chosen is { } point && point.Generation < stretch.Generation
            ? new Stretch(point.Generation, Least(stretch.UpTo, point.Step), stretch.Generation)
            : null;                      // from the initial state (or a damaged store: never walk upwards)
    }

    static Step Least(Step? limit, Step step) => limit is { } l && l < step ? l : step;
}
