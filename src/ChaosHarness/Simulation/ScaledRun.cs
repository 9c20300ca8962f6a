using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Resharding;
using Lineage.Restores;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>
/// The training comes back with another number of ranks: production says which point fits and which rows of which rank each new rank reads,
/// the stored chains are read for that, and a new run trains on from what was put together. A recovery of the same run would refuse every
/// point of another world.
/// </summary>
sealed class ScaledRun(World world)
{
    readonly Dictionary<int, RankState> read = [];   // by rank of the saving world

    public IEnumerator<Wait> Begin(Answer answer, int ranks, int number)
    {
        var (to, run) = (new WorldSize(ranks), world.Main);
        if (run.State is null || Usable(run, to) is not { } point) yield break;
        world.Note((i, at) => new Entry.Offered(i, at, "reader", run.Id, point, $"for a world of {to}"));
        var plan = ReshardPlan.Of(ModelLayout.Of(run.WorldSize).Layout, to);
        List<(Rank Rank, IReadOnlyList<ReshardPiece> Pieces)> wanted = [.. to.Ranks.Select(rank => (rank,
            (IReadOnlyList<ReshardPiece>)[.. plan.Of(rank)]))];
        foreach (var source in wanted.SelectMany(static one => one.Pieces).Select(static piece => piece.From).Distinct().Order())
        {
            var reading = new ShardReading(world, "reader");
            yield return Wait.Through(reading.Restore(point, new Rank(source)));
            if (reading.Damage is { } damage)
            {
                yield return Wait.Through(ShardReading.Tell(world, "reader", damage));
                yield break;
            }

            read[source] = reading.State;
        }

        List<(ImmutableArray<ulong> Model, ImmutableArray<ulong> Optimizer)> parts =
            [.. wanted.Select(one => (Rows(one, ModelLayout.Model, to), Rows(one, ModelLayout.Optimizer, to)))];
        Witness(point, wanted, parts);
        var scaled = world.Add($"sim-scaled-{number}", to, $"scaled{number}/", point.Step.Value, rank => new RankState(
            parts[rank].Model, parts[rank].Optimizer, RankState.RngOf(world.Schedule.Seed + number, rank), 4 * (ulong)point.Step.Value));
        world.Launch(scaled, "launcher-a");
        answer.Decision = Decision.Done;
    }

    /// <summary>The newest point that comes up on the other world.</summary>
    CheckpointId? Usable(ModelRun run, WorldSize to) => RestorePointChooser.Survey(
        world.Service.ForRestoring(run.Id), new RestoreFilter()).Usable.Select(static chain => chain.Target)
        .Where(target => ComponentVerdicts.IsUsable(ComponentVerdicts.Of(ModelLayout.Of(target.WorldSize).Layout, to)))
        .Select(static target => (CheckpointId?)target.Id).FirstOrDefault();

    /// <summary>One tensor of one new rank, put together from its pieces as an agent does it: by bytes.</summary>
    ImmutableArray<ulong> Rows((Rank Rank, IReadOnlyList<ReshardPiece> Pieces) wanted, int tensor, WorldSize to)
    {
        var first = RowSplit.First(ModelLayout.Rows, wanted.Rank.Value, to.Value);
        var rows = new ulong[RowSplit.First(ModelLayout.Rows, wanted.Rank.Value + 1, to.Value) - first];
        foreach (var piece in wanted.Pieces)
        {
            if (piece.Tensor != tensor) continue;
            var source = tensor == ModelLayout.Model ? read[piece.From].Model : read[piece.From].Optimizer;
            MemoryMarshal.AsBytes(source.AsSpan()).Slice((int)piece.FromByte, (int)piece.Bytes)
                .CopyTo(MemoryMarshal.AsBytes(rows.AsSpan())[(int)piece.IntoByte..]);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(rows);
    }

    /// <summary>What was read and what the new ranks hold, beside what the old ones held when they were captured.</summary>
    void Witness(
        CheckpointId point, List<(Rank Rank, IReadOnlyList<ReshardPiece> Pieces)> wanted,
        List<(ImmutableArray<ulong> Model, ImmutableArray<ulong> Optimizer)> parts)
    {
        var (layout, from) = (ModelLayout.Of(world.Main.WorldSize).Layout, world.Main.WorldSize);
        foreach (var tensor in new[] { ModelLayout.Model, ModelLayout.Optimizer })
        {
            List<RowRange> owners = [.. from.Ranks.Select(rank => Range(rank.Value, from.Value))];
            List<RowRange> reads = [.. wanted.SelectMany(static one => one.Pieces).Where(piece => piece.Tensor == tensor)
                .Select(static piece => new RowRange(piece.From, piece.FirstRow, piece.Rows))];
            var saved = from.Ranks.SelectMany(rank => Of(world.Captured[(point, rank.Value)], tensor));
            var held = parts.SelectMany(part => tensor == ModelLayout.Model ? part.Model : part.Optimizer);
            world.Plans.Add(new TilingEvidence(
                point, layout.Tensors[tensor].Name, ModelLayout.Rows, owners, reads, Digest(saved), Digest(held)));
        }
    }

    static RowRange Range(int rank, int world)
    {
        var first = RowSplit.First(ModelLayout.Rows, rank, world);
        return new RowRange(rank, first, RowSplit.First(ModelLayout.Rows, rank + 1, world) - first);
    }

    static ImmutableArray<ulong> Of(RankState state, int tensor) => tensor == ModelLayout.Model ? state.Model : state.Optimizer;

    static ContentHash Digest(IEnumerable<ulong> rows) => ContentHash.Of(MemoryMarshal.AsBytes(rows.ToArray().AsSpan()));
}
