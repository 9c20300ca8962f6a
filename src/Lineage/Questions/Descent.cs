using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Decisions;

namespace Lineage.Questions;

/// <summary>The newest sealed checkpoint of a generation.</summary>
public sealed record GenerationTip(CheckpointId Checkpoint, CheckpointPhase Phase);

/// <summary>A run that went on from a checkpoint of another one.</summary>
public sealed record ForkTip(RunOutline Run, GenerationTip? Tip);

/// <summary>Who descends from whom: pure walks over parent edges, which cross from a fork into the run that it came from.</summary>
public static class Descent
{
    /// <summary>Where a checkpoint's training state came from; null: the initial state.</summary>
    /// <param name="origin">Of its run, if that is a fork.</param>
    public static CheckpointId? ParentOf(Candidate checkpoint, CheckpointId? origin) => checkpoint.Parent ?? origin;

    public static AncestorsView View(CheckpointId of, IReadOnlyList<CheckpointOutline> ancestors, CheckpointId? next, DateTimeOffset? asOf)
    {
        var runs = ancestors.Select(static c => c.Id.Run).Append(of.Run).Distinct().Count();
        var across = runs > 1 ? $" across {Refusals.Number(runs)} runs" : "";
        var why = ancestors switch
        {
            [] when next is null => $"{of} continues nothing: its training began from the initial state",
            [] => $"the checkpoint that {of} continues, {next}, is not on record",
            _ when next is null => $"{Refusals.Number(ancestors.Count)} back to the initial state{across}",
            _ => $"the nearest {Refusals.Number(ancestors.Count)}{across}; it goes on at {next}",
        };
        return new AncestorsView(
            of, [.. ancestors.Select(static c => new AncestorView(c.Id, c.Candidate.Phase, c.Candidate.Kind, c.Candidate.OpenedAt))], why,
            next, asOf);
    }

    /// <param name="fromA">The first checkpoint and its ancestors, nearest first, down to the initial state.</param>
    public static CommonAncestorView Common(
        IReadOnlyList<CheckpointId> fromA, IReadOnlyList<CheckpointId> fromB, DateTimeOffset? asOf)
    {
        var (a, b) = (fromA[0], fromB[0]);
        Dictionary<CheckpointId, int> distance = [];
        for (var i = 0; i < fromB.Count; i++) distance.TryAdd(fromB[i], i);
        for (var i = 0; i < fromA.Count; i++)
        {
            if (!distance.TryGetValue(fromA[i], out var j)) continue;
            var why = (i, j) switch
            {
                (0, 0) => $"{a} is both",
                (0, _) => $"{b} descends from {a}, {Saves(j)} later",
                (_, 0) => $"{a} descends from {b}, {Saves(i)} later",
                _ => $"both descend from {fromA[i]}: {a} is {Saves(i)} later, {b} {Saves(j)}",
            };
            return new CommonAncestorView(a, b, fromA[i], i, j, why, asOf);
        }

        return new CommonAncestorView(
            a, b, Ancestor: null, SavesFromA: null, SavesFromB: null,
            $"{a} and {b} share no checkpoint: each goes back to an initial state", asOf);
    }

    /// <param name="picture">Of the run: at least the newest sealed checkpoint of every generation.</param>
    public static BranchesView Branches(RunPicture picture, IEnumerable<ForkTip> forks, DateTimeOffset? asOf)
    {
        var history = picture.ForRestoring();
        var tips = picture.Candidates.Where(static c => c.IsSealed).GroupBy(static c => c.Id.Generation)
            .Select(static group => group.MaxBy(static c => c.Id.Step)!).OrderByDescending(static c => c.Id.Generation).ToList();
        var current = history.Candidates.FirstOrDefault(static c => c.IsSealed);
        List<BranchView> branches = [];
        foreach (var tip in tips)
        {
            var isCurrent = tip.Id == current?.Id;
            if (!isCurrent && history.Candidates.Any(c => c.Id == tip.Id)) continue;   // a later generation goes on from it
            var from = picture.Turns.FirstOrDefault(turn => turn.Generation == tip.Id.Generation)?.Chosen ?? picture.Run.Origin;
            branches.Add(new BranchView(
                tip.Id.Run, tip.Id.Generation, isCurrent ? BranchState.Current : BranchState.TurnedBack, tip.Id, tip.Phase, from,
                isCurrent ? "where the run stands" : history.WhyOff(tip)));
        }

        branches.AddRange(forks.OrderBy(static fork => fork.Run.Run).Select(static fork => new BranchView(
            fork.Run.Run, fork.Run.Generation, BranchState.Fork, fork.Tip?.Checkpoint, fork.Tip?.Phase, fork.Run.Origin,
            $"run {fork.Run.Run} went on from {fork.Run.Origin}")));
        return new BranchesView(picture.Run.Run, branches, asOf);
    }

    static string Saves(int number) => $"{Refusals.Number(number)} save{(number == 1 ? "" : "s")}";
}
