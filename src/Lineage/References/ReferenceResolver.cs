using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Restores;

namespace Lineage.References;

/// <summary>A name found, or why not.</summary>
public abstract record ReferenceAnswer
{
    ReferenceAnswer() { }

    /// <param name="Checkpoint">Null when the reference names a run only.</param>
    public sealed record Found(RunId Run, CheckpointId? Checkpoint) : ReferenceAnswer;

    public sealed record Refused(Decision.Refused Refusal) : ReferenceAnswer;
}

/// <summary>What people named and measured, for the references that ask for it.</summary>
/// <param name="Tags">Checkpoints of the run by name.</param>
/// <param name="Metrics">Recorded values by checkpoint and name.</param>
public sealed record NamedPoints(
    IReadOnlyDictionary<string, CheckpointId> Tags,
    IReadOnlyDictionary<CheckpointId, IReadOnlyDictionary<string, double?>> Metrics)
{
    public static NamedPoints None { get; } = new(
        new Dictionary<string, CheckpointId>(StringComparer.Ordinal), new Dictionary<CheckpointId, IReadOnlyDictionary<string, double?>>());
}

/// <summary>Finds what a reference names, in two steps so that only one run's checkpoints are loaded: first the run, then the checkpoint on
/// its history.</summary>
public static class ReferenceResolver
{
    /// <summary>An ambiguous reference lists at most this many candidates.</summary>
    public const int CandidatesMax = 20;

    /// <param name="name">The run's id, or a prefix; a full id wins over a prefix.</param>
    public static ReferenceAnswer Run(string name, IEnumerable<RunId> runs)
    {
        var matches = runs.Where(run => run.Value.StartsWith(name, StringComparison.Ordinal)).Order().ToList();
        return matches switch
        {
            [var first, ..] when string.Equals(first.Value, name, StringComparison.Ordinal) =>
                new ReferenceAnswer.Found(first, Checkpoint: null),
            [var only] => new ReferenceAnswer.Found(only, Checkpoint: null),
            [] => Refuse(Refusals.Of(
                ProblemCodes.NoSuchRun, 404, "No such run",
                $"No run's id is or begins with \"{name}\". 'lineage run list' shows what there is.")),
            _ => Ambiguous($"\"{name}\" begins the ids of {Refusals.Number(matches.Count)} runs",
                [.. matches.Select(static run => run.Value)]),
        };
    }

    /// <param name="run">As found by <see cref="Run"/>.</param>
    /// <param name="history">Of the run's newest generation (<see cref="History.ForWriting"/>).</param>
    /// <param name="named">Needed for tags and metrics only; null: there are none.</param>
    public static ReferenceAnswer Resolve(Reference reference, RunId run, History history, NamedPoints? named = null) => reference switch
    {
        Reference.WholeRun => new ReferenceAnswer.Found(run, Checkpoint: null),
        Reference.Exact r => Exact(new CheckpointId(run, r.Generation, r.Step), history),
        Reference.AtStep r => AtStep(run, r.Step, history),
        Reference.Latest => Latest(run, history),
        Reference.LatestVerified => LatestVerified(run, history),
        Reference.Tagged r => NamedPointFinder.Tagged(run, r.Tag, named ?? NamedPoints.None),
        Reference.Best r => NamedPointFinder.Best(run, r, history, named ?? NamedPoints.None),
        Reference.Ancestor { Of: var of, Back: var back } => Back(
            Resolve(of is Reference.WholeRun ? new Reference.Latest(of.Run) : of, run, history, named), back, history),
        _ => throw new ArgumentOutOfRangeException(nameof(reference), reference, "Not a reference."),
    };

    static ReferenceAnswer Exact(CheckpointId id, History history) =>
        All(history).Any(c => c.Id == id) ? new ReferenceAnswer.Found(id.Run, id) : Refuse(Refusals.NoSuchCheckpoint(id));

    static ReferenceAnswer AtStep(RunId run, Step step, History history)
    {
        var on = history.Line().Where(c => c.Id.Step == step).ToList();
        if ((on.Find(static c => c.Phase != CheckpointPhase.Abandoned) ?? on.FirstOrDefault()) is { } found)
            return new ReferenceAnswer.Found(run, found.Id);
        return history.Off.Where(c => c.Id.Step == step).ToList() switch
        {
            [var only] => new ReferenceAnswer.Found(run, only.Id),
            [] => None(run, $"Run {run} has no checkpoint at step {Refusals.Number(step.Value)}{Neighbours(step, history)}."),
            var several => Ambiguous(
                $"{run}@{step} is on no history and was written under {Refusals.Number(several.Count)} generations",
                [.. several.Select(static c => c.Id.ToString())]),
        };
    }

    static ReferenceAnswer Latest(RunId run, History history) => history.Line().FirstOrDefault(static c => c.IsUsableBase) is { } found
        ? new ReferenceAnswer.Found(run, found.Id)
        : None(run, $"No checkpoint of run {run} is sealed and unquarantined; it has {Refusals.Number(All(history).Count())} in all.");

    static ReferenceAnswer LatestVerified(RunId run, History history)
    {
        var survey = RestorePointChooser.Survey(history, new RestoreFilter());
        if (survey.Best is { } best) return new ReferenceAnswer.Found(run, best.Target.Id);
        var newest = survey.Rejected is [var first, ..] ? $" The newest, {first.Checkpoint}: {first.Detail}." : "";
        return Refuse(Refusals.Of(
            ProblemCodes.NoRestorePoint, 404, "No restore point",
            $"Nothing of run {run} can be restored: {survey.Why}.{newest} " +
            $"'lineage restore-point list {run} --explain' says why for each."));
    }

    static ReferenceAnswer Back(ReferenceAnswer from, int back, History history)
    {
        if (from is not ReferenceAnswer.Found { Run: var run, Checkpoint: { } start }) return from;
        var byId = history.Known().ToDictionary(static c => c.Id);
        var at = start;
        for (var done = 0; done < back; done++)
        {
            if (byId.GetValueOrDefault(at)?.Parent is not { } parent)
                return None(run, $"{start} has {Refusals.Number(done)} ancestors, asked for {Refusals.Number(back)} back.");
            at = parent;
        }

        return new ReferenceAnswer.Found(run, at);
    }

    static IEnumerable<Candidate> All(History history) => history.Candidates.Concat(history.Off);

    static string Neighbours(Step step, History history)
    {
        var steps = history.Line().Select(static c => c.Id.Step).ToList();
        List<string> near = [];
        if (steps.Where(s => s < step).OrderDescending().Take(1).ToList() is [var before])
            near.Add($"step {Refusals.Number(before.Value)}");
        if (steps.Where(s => s > step).Order().Take(1).ToList() is [var after]) near.Add($"step {Refusals.Number(after.Value)}");
        return near.Count > 0 ? $"; the nearest are at {string.Join(" and ", near)}" : "";
    }

    internal static ReferenceAnswer.Refused None(RunId run, string what) => Refuse(Refusals.Of(
        ProblemCodes.NoSuchCheckpoint, 404, "No such checkpoint", $"{what} 'lineage log {run}' shows what the run has saved."));

    static ReferenceAnswer.Refused Ambiguous(string what, IReadOnlyList<string> candidates)
    {
        var shown = candidates.Take(CandidatesMax).ToList();
        return Refuse(Refusals.Of(
            ProblemCodes.AmbiguousReference, 400, "The reference is ambiguous",
            $"{what}: {string.Join(", ", shown)}{(candidates.Count > shown.Count ? " …" : "")}. Name one of them in full.",
            ("candidates", shown)));
    }

    internal static ReferenceAnswer.Refused Refuse(Decision.Refused refusal) => new(refusal);
}
