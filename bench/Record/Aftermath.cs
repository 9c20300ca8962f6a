using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Bench.Record;

/// <summary>What comes after a seal: metrics, pins, holds, exports, damage, expiry.</summary>
sealed class Aftermath(MadeRun run, Random random, ActorId person)
{
    public void Of(CheckpointId id, DateTimeOffset at)
    {
        if (random.Next(5) != 0)
        {
            var loss = Math.Round((4 * Math.Exp(-id.Step.Value / 9_000.0)) + (random.NextDouble() / 50), 3);
            run.Append(id.StreamKey, new MetricsRecorded(
                id, [new Metric("train_loss", random.Next(200) == 0 ? null : loss), new Metric("val_loss", loss + 0.125)], person, at),
                person, at);
        }

        if (random.Next(100) == 0) run.Append(id.StreamKey, new CheckpointPinned(id, person, "for the paper", Until: null, at), person, at);
        if (random.Next(250) == 0) run.Append(id.StreamKey, new HoldPlaced(id, "matter-7", person, "asked for by counsel", at), person, at);
        if (random.Next(100) == 0)
            run.Append(id.StreamKey, new CheckpointExported(
                id, person, "safetensors", "/exports/made-up", 57_600_000, ShardMaker.Hash($"export {id}"), at), person, at);
        if (random.Next(50) != 0) return;
        var rank = new Rank(0);
        const string damage = "chunk 3 of blk.2.mlp.weight: expected another digest";
        run.Append(id.StreamKey, new ShardVerified(id, rank, Finding.Altered, VerificationDepth.Deep, damage, 900_000, at), person, at);
        run.Append(id.StreamKey, new CheckpointQuarantined(id, [rank], $"rank 0 altered: {damage}", at), person, at);
    }

    /// <summary>Every fifth run lets old deltas go that nothing is built on, and the bytes of half of them.</summary>
    public void Expire(DateTimeOffset at)
    {
        if (run.Number % 5 != 0) return;
        var bases = run.Candidates.Select(static c => c.Base?.Checkpoint).OfType<CheckpointId>().ToHashSet();
        var old = run.Candidates.Where(c => c is { Phase: CheckpointPhase.Verified, Kind: CheckpointKind.Incremental }
                && !bases.Contains(c.Id))
            .OrderBy(static c => c.Id.Step).Take(run.Checkpoints.Count / 5).Select(static c => c.Id).ToList();
        foreach (var (place, id) in old.Index())
        {
            run.Append(id.StreamKey, new CheckpointExpired(
                id, "not among the newest, nor the best by any rule", ShardMaker.Hash($"plan {run.Id}"), at.AddDays(7), at), person, at);
            if (place % 2 == 0) continue;
            var keeper = ActorId.Parse("keeper:bench/1");
            var state = run.Checkpoints[id];
            run.Append(id.StreamKey, new ReclaimStarted(id, keeper, at), keeper, at);
            run.Append(id.StreamKey, new ShardsReclaimed(
                id, [.. state.Shards.Keys], state.Sealed!.StoredBytes, "local", at), keeper, at);
        }
    }
}
