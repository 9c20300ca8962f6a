using System.Text;
using Lineage.Attesting;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Bench.Record;

/// <summary>Questions about the graph and about what happened, each judged by what the generator knows.</summary>
static class GraphTable
{
    /// <summary>Nothing is known of layouts in a made-up history, so the verdict per component is the cautious one; who may be offered at
    /// all is judged.</summary>
    public static Asked Compatible(RecordModel model, Random random)
    {
        var (run, world) = (model.DrawRun(random), model.Size.World * (1 + random.Next(2)));
        return Asked.Claiming<CompatiblePoints>($"v1/runs/{run}/restore-points/compatible?world={world}", view =>
            view.World.Value == world && view.Points.All(p => model.Find(p.Point.Checkpoint)!.Phase == CheckpointPhase.Verified)
            && (view.Best is not { } best || view.Points.Any(p => p.Point.Checkpoint == best)));
    }

    public static Asked BlastRadius(RecordModel model, Random random)
    {
        var id = model.DrawCheckpoint(random);
        return Asked.Claiming<BlastRadius>($"v1/checkpoints/{id}/blast-radius?limit=50", view =>
        {
            var expected = model.Of(id.Run).Checkpoints.Count(c => c.Id != id && RestsOn(model, c.Id, id));
            return view.Count == expected && view.IsWhole && view.Dependants.All(d => RestsOn(model, d.Checkpoint, id));
        });
    }

    static bool RestsOn(RecordModel model, CheckpointId link, CheckpointId wanted)
    {
        for (var at = model.Find(link); at?.Base is { } edge; at = model.Find(edge.Checkpoint))
            if (edge.Checkpoint == wanted) return true;
        return false;
    }

    public static Asked Difference(RecordModel model, Random random)
    {
        var (a, b) = (model.DrawCheckpoint(random), model.DrawCheckpoint(random));
        if (random.Next(4) != 0)
        {
            var all = model.Of(a.Run).Checkpoints;
            b = all[random.Next(all.Count)].Id;
        }

        return Asked.Claiming<CheckpointComparison>($"v1/checkpoints/compare?a={a}&b={b}", view =>
            view.StepsBetween == b.Step.Value - a.Step.Value && view.SameRun == (a.Run == b.Run)
            && view.SameLayout == (model.Find(a)!.LayoutDigest == model.Find(b)!.LayoutDigest));
    }

    public static Asked Holders(RecordModel model, Random random)
    {
        var id = model.DrawCheckpoint(random);
        return Asked.Claiming<Holders>($"v1/checkpoints/{id}/holders", view =>
            view.Checkpoint == id && view.Phase == model.Find(id)!.Phase && view.Why.Length > 0
            && (!model.Of(id.Run).Checkpoints.Any(c => IsOffered(c.Candidate.Phase) && RestsOn(model, c.Id, id)) || !view.SafeToDelete));
    }

    static bool IsOffered(CheckpointPhase phase) => phase is CheckpointPhase.Verified or CheckpointPhase.Sealed;

    public static Asked Restores(RecordModel model, Random random)
    {
        var run = model.DrawRun(random);
        return Asked.Claiming<Page<Restoration>>($"v1/runs/{run}/restores?limit=100", view =>
        {
            var recovered = view.Items.Where(static r => r.Kind == RestorationKind.Recovery).Select(static r => r.Name)
                .Distinct(StringComparer.Ordinal).Count();
            var turns = model.Of(run).Turns.Count;
            return view.Next is null ? recovered == turns : recovered <= turns;
        });
    }

    public static Asked Incomplete(RecordModel model, Random random)
    {
        var run = model.DrawRun(random);
        return Asked.Claiming<Page<IncompleteSave>>($"v1/saves/incomplete?run={run}&abandoned=true&limit=100", view =>
            view.Items.All(save => model.Find(save.Checkpoint) is { IsSealed: false } known && known.Phase == save.Phase
                && save.EncodedRanks.Concat(save.SilentRanks).Order().SequenceEqual(known.MissingRanks)));
    }

    public static Asked Continuity(RecordModel model, Random random)
    {
        var run = model.DrawRun(random);
        return Asked.Claiming<DataContinuity>($"v1/runs/{run}/continuity", view =>
            view.Run == run && (view.Recorded > 0 || view.Verdict == ContinuityVerdict.Unknown));
    }

    public static Asked Evidence(RecordModel model, Random random)
    {
        var id = model.DrawCheckpoint(random);
        return new Asked($"v1/checkpoints/{id}/evidence", body =>
        {
            var verdict = EvidenceVerifier.Verify(Encoding.UTF8.GetBytes(body));
            return Task.FromResult(verdict.IsWhole && verdict.Checkpoint == id ? null
                : $"the evidence of {id} does not hold: {string.Join("; ", verdict.Faults)}");
        });
    }

    public static Asked Exposure(RecordModel model, Random random)
    {
        var days = random.Next(1, 60);
        return Asked.Claiming<Exposure>($"v1/exposure?days={days}&limit=20", view =>
            view.Days == days && view.Unchecked.All(u => model.Find(u.Checkpoint)!.IsSealed));
    }
}
