using System.Globalization;
using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Questions;

namespace Lineage.Bench.Record;

/// <summary>The questions of the design, how one of each is drawn, and what its answer has to be.</summary>
static class QuestionTable
{
    static readonly CancellationToken None = CancellationToken.None;

    public static IReadOnlyList<Question> All { get; } =
    [
        new(1, "latest verified at or before a step", 5, Latest),
        new(2, "latest verified before a loss spike", 10, BeforeSpike),
        new(3, "last verified along the ancestry, across forks", 10, Ancestry),
        new(4, "best by a metric", 20, Best),
        new(5, "usable on another topology", 20, GraphTable.Compatible),
        new(6, "cheapest to restore", 20, Cheapest),
        new(7, "the chain that rebuilds a checkpoint", 10, Chain),
        new(8, "what a damaged shard takes down", 50, GraphTable.BlastRadius),
        new(9, "ancestry, common ancestor, live branches", 10, Descends),
        new(10, "difference of two checkpoints", 20, GraphTable.Difference),
        new(11, "safe to delete, or what holds it", 100, GraphTable.Holders),
        new(12, "who restored what", 10, GraphTable.Restores),
        new(13, "incomplete saves", 5, GraphTable.Incomplete),
        new(14, "continuity of the data position", 20, GraphTable.Continuity),
        new(15, "a question as of a time", 2_000, AsOf) { Share = 0.05 },
        new(16, "evidence for a checkpoint", 1_000, GraphTable.Evidence),
        new(17, "exposure", 5, GraphTable.Exposure),
    ];

    static Asked Latest(RecordModel model, Random random)
    {
        var run = model.DrawRun(random);
        var step = new Step(model.DrawStep(run, random));
        var world = random.Next(2) == 0 ? new WorldSize(model.Size.World) : (WorldSize?)null;
        return Asked.Expecting(
            $"v1/runs/{run}/restore-points/latest?at-or-before={step}{(world is { } w ? $"&world={w}" : "")}",
            () => model.Ask().AskAsync(run, new PointQuestion.Newest(step, world), None));
    }

    static Asked BeforeSpike(RecordModel model, Random random)
    {
        var run = model.DrawRun(random);
        var from = model.DrawStep(run, random);
        var to = from + random.Next(50, 900);
        return Asked.Expecting(
            string.Create(CultureInfo.InvariantCulture, $"v1/runs/{run}/restore-points/latest?before-spike={from}..{to}"),
            () => model.Ask().AskAsync(run, new PointQuestion.BeforeSpike(new Step(from), new Step(to), World: null), None));
    }

    static Asked Ancestry(RecordModel model, Random random)
    {
        var run = model.DrawRun(random);
        return Asked.Expecting(
            $"v1/runs/{run}/restore-points/ancestry?limit=5", () => model.Ask().AncestryAsync(run, world: null, 5, None));
    }

    static Asked Best(RecordModel model, Random random)
    {
        var run = model.DrawRun(random);
        var metric = random.Next(2) == 0 ? "val_loss" : "train_loss";
        var isLowest = random.Next(4) != 0;
        return Asked.Expecting(
            $"v1/runs/{run}/restore-points/best?metric={metric}&order={(isLowest ? "lowest" : "highest")}",
            () => model.Ask().AskAsync(run, new PointQuestion.Best(metric, isLowest, World: null), None));
    }

    static Asked Cheapest(RecordModel model, Random random)
    {
        var run = model.DrawRun(random);
        return Asked.Expecting(
            $"v1/runs/{run}/restore-points/cheapest?limit=3",
            () => model.Ask().AskAsync(run, new PointQuestion.Cheapest(World: null, 3), None));
    }

    static Asked Chain(RecordModel model, Random random)
    {
        var id = model.DrawCheckpoint(random);
        return Asked.Claiming<ChainView>($"v1/checkpoints/{id}/chain", view =>
        {
            var chain = ChainBuilder.Build(model.Find(id)!, model.Find);
            return view.Links.Select(static link => (link.Checkpoint, link.ManifestHash, link.StoredBytes))
                    .SequenceEqual(chain.Links.Select(static link => (link.Id, link.ManifestHash, link.StoredBytes)))
                && string.Equals(view.Broken, chain.Broken, StringComparison.Ordinal) && view.ReadBytes == chain.ReadBytes
                && view.Links.All(link => model.Find(link.Checkpoint)!.MissingRanks.Count + link.Shards.Count == model.Size.World);
        });
    }

    static Asked Descends(RecordModel model, Random random)
    {
        var a = model.DrawCheckpoint(random);
        switch (random.Next(3))
        {
            case 0:
                return Asked.Expecting($"v1/checkpoints/{a}/ancestors?limit=20", () => model.Ask().AncestorsAsync(a, 20, None));
            case 1:
                return Asked.Expecting($"v1/runs/{a.Run}/branches", () => model.Ask().BranchesAsync(a.Run, None));
            default:
                var relatives = model.Of(a.Run).Run.Origin is { } origin && random.Next(2) == 0 ? origin.Run : a.Run;
                var all = model.Of(relatives).Checkpoints;
                var b = all[random.Next(all.Count)].Id;
                return Asked.Expecting(
                    $"v1/common-ancestor?a={a}&b={b}", async () => (await model.Ask().CommonAsync(a, b, None)).Answer);
        }
    }

    /// <summary>Half of them ask about a time after everything: that has to be what is asked without a time.</summary>
    static Asked AsOf(RecordModel model, Random random)
    {
        var run = model.KeptRuns[random.Next(model.KeptRuns.Count)];
        var begun = model.Of(run).Checkpoints.Min(static c => c.Candidate.OpenedAt);
        var at = random.Next(2) == 0 ? model.End.AddHours(1) : begun + ((model.End - begun) * random.NextDouble());
        var text = at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        at = DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
        var isBest = random.Next(2) == 0;
        return Asked.Expecting(
            $"v1/runs/{run}/restore-points/{(isBest ? "best?metric=val_loss&" : "latest?")}as-of={text}",
            () => model.Ask(at).AskAsync(
                run, isBest ? new PointQuestion.Best("val_loss", Lowest: true, World: null) : new PointQuestion.Newest(null, null), None));
    }
}
