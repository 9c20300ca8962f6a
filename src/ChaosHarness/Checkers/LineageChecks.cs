using Lineage.Contracts.Events;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>S14: what deltas refer to. S19: what another world size reads.</summary>
static class LineageChecks
{
    public static void Examine(CaseFile file, Bench bench)
    {
        foreach (var save in file.Saves)
            if (save.Opened is { } opened) Based(file, save, opened, bench["S14"]);
        foreach (var plan in file.Evidence.Plans ?? []) Tiles(plan, bench["S19"]);
    }

    static void Based(CaseFile file, SaveRecord save, Fact<CheckpointOpened> opened, Docket s14)
    {
        if ((opened.Body.Kind == CheckpointKind.Full) != (opened.Body.Base is null))
            s14.Violate($"{save.Id} is {opened.Body.Kind} and "
                + $"{(opened.Body.Base is null ? "has no base" : "has a base")}.", save.Stream, opened.Version);
        if (opened.Body.Base is not { } edge) return;
        s14.Look();
        if (Fault(file, save, opened, edge) is { } fault)
            s14.Violate($"{save.Id} was built on {edge.Checkpoint}. {fault}", save.Stream, opened.Version);
        if (file.Find(edge.Checkpoint) is { } found) Roots(save, found, s14);
    }

    static string? Fault(CaseFile file, SaveRecord save, Fact<CheckpointOpened> opened, BaseLink edge)
    {
        if (file.Find(edge.Checkpoint) is not { } found) return "Expected it on record; observed: there is no such checkpoint.";
        if (edge.Checkpoint.Run != save.Id.Run) return "Expected a base of the same run: bytes of two runs never depend on each other.";
        if (!found.IsSealedBy(opened.Sequence))
            return $"Expected it to be sealed before; observed: {(found.WasSealed ? "sealed only later" : "never sealed")}.";
        if (!found.HadManifest(edge.ManifestHash))
            return $"Expected its manifest {found.Seals[0].Body.ManifestHash.Short}; observed: the child refers to "
                + $"{edge.ManifestHash.Short}.";
        if (found.IsReclaimedBy(opened.Sequence)) return "Expected bytes that are there; observed: they were given up before.";
        var depth = file.Chain(save, out _, asOpened: true).Count - 1;
        if (edge.Depth != depth - 1 && edge.Depth != file.Chain(found, out _).Count - 1)
            return $"Expected depth {depth - 1} of the base; observed: {edge.Depth} on record.";
        return depth > file.Schedule.Bounds.DepthMax
            ? $"Expected chains of at most {file.Schedule.Bounds.DepthMax} deltas; observed: {depth}."
            : null;
    }

    static void Roots(SaveRecord save, SaveRecord found, Docket s14)
    {
        foreach (var diffed in save.Diffed)
            if (diffed.Body.BaseRoot is { } read && found.RootOf(diffed.Body.Rank) is { } root
                && !found.HadRoot(diffed.Body.Rank, read))
                s14.Violate(
                    $"Rank {diffed.Body.Rank} of {save.Id} was encoded against root {read.Short}. Expected {root.Short}, which is "
                    + $"what {found.Id} holds.",
                    save.Stream, diffed.Version);
    }

    /// <summary>Every row exactly once, and from the rank that owns it.</summary>
    static void Tiles(TilingEvidence plan, Docket s19)
    {
        s19.Look();
        var next = 0L;
        foreach (var read in plan.Reads.OrderBy(static one => one.FirstRow))
        {
            if (read.FirstRow != next)
                s19.Violate(
                    $"{plan.Tensor} of {plan.Checkpoint} for another world: rows {Math.Min(next, read.FirstRow)} to "
                    + $"{Math.Max(next, read.FirstRow)} are read "
                    + $"{(read.FirstRow > next ? "by nobody" : "twice")}. Expected every row exactly once.",
                    plan.Checkpoint.StreamKey);
            next = Math.Max(next, read.FirstRow + read.Rows);
            if (!plan.Owners.Any(own => own.Rank == read.Rank && own.FirstRow <= read.FirstRow
                && read.FirstRow + read.Rows <= own.FirstRow + own.Rows))
                s19.Violate(
                    $"{plan.Tensor} of {plan.Checkpoint}: rows {read.FirstRow} to {read.FirstRow + read.Rows} are read from rank "
                    + $"{read.Rank}. Expected their "
                    + "owner.",
                    plan.Checkpoint.StreamKey);
        }

        if (plan is { Saved: { } saved, Held: { } held } && saved != held)
            s19.Violate(
                $"{plan.Tensor} of {plan.Checkpoint}: the ranks of the other world hold {held.Short} together. Expected {saved.Short}, "
                + "which the ranks that saved it held.",
                plan.Checkpoint.StreamKey);
        if (next != plan.Rows)
            s19.Violate($"{plan.Tensor} of {plan.Checkpoint}: rows up to {next} are read. Expected "
                + $"{plan.Rows}.", plan.Checkpoint.StreamKey);
    }
}
