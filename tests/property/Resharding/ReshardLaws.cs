using FsCheck.Xunit;
using Lineage.Agents.Training;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Resharding;
using Lineage.Tests.Property.House;

namespace Lineage.Tests.Property.Resharding;

/// <summary>Restoring to another number of ranks reads everything once, from where it is.</summary>
public sealed class ReshardLaws
{
    static readonly TensorRole[] Roles = Enum.GetValues<TensorRole>();

    static TensorLayout Layout(Random random, int world) => new(
        LayoutDigest.FormatName, new WorldSize(world),
        [.. Enumerable.Range(0, 1 + random.Next(5)).Select(i => new LayoutTensor(
            $"t{i}", random.Next(2) == 0 ? TensorDtype.F32 : TensorDtype.BF16,
            [.. Enumerable.Range(0, random.Next(4)).Select(_ => (long)random.Next(0, 12))], Roles[random.Next(Roles.Length)]))]);

    [Law]
    public void Every_element_that_is_not_lost_is_read_exactly_once_from_its_owner(int seed)
    {
        var random = new Random(seed);
        var (from, to) = (1 + random.Next(9), 1 + random.Next(9));
        var layout = Layout(random, from);
        var plan = ReshardPlan.Of(layout, new WorldSize(to));
        var lost = plan.Components.Where(static c => c.Verdict == ComponentVerdict.Lost).Select(static c => c.Component).ToHashSet();
        var (pieces, bytes, most) = (0L, 0L, 0L);
        var read = layout.Tensors.Select(static t => new int[t.GlobalShape.Count == 0 ? 1 : t.GlobalShape[0]]).ToList();
        for (var rank = 0; rank < to; rank++)
        {
            var mine = plan.Of(new Rank(rank)).ToList();
            foreach (var piece in mine) Read(layout, piece, rank, from, to, read[piece.Tensor]);
            (pieces, bytes) = (pieces + mine.Count, bytes + mine.Sum(static p => p.Bytes));
            most = Math.Max(most, mine.Sum(static p => p.Bytes));
        }

        for (var t = 0; t < layout.Tensors.Count; t++)
        {
            var tensor = layout.Tensors[t];
            var everywhere = tensor.GlobalShape.Count == 0;
            var expected = everywhere ? to : lost.Contains(ComponentVerdicts.Component(tensor.Role)) ? 0 : 1;
            Assert.All(read[t], times => Assert.Equal(expected, times));
        }

        Assert.Equal((pieces, bytes, most), (plan.Pieces, plan.Bytes, plan.RankBytesMax));
    }

    static void Read(TensorLayout layout, ReshardPiece piece, int rank, int from, int to, int[] read)
    {
        var shape = layout.Tensors[piece.Tensor].GlobalShape;
        for (var row = piece.FirstRow; row < piece.FirstRow + piece.Rows; row++) read[row]++;
        if (shape.Count == 0) return;
        var rowBytes = shape.Skip(1).Aggregate(layout.Tensors[piece.Tensor].Dtype.Bits() / 8L, static (a, b) => a * b);
        var (source, target) = (RowPartition.Of(shape[0], piece.From, from), RowPartition.Of(shape[0], rank, to));
        Assert.InRange(piece.FirstRow, Math.Max(source.First, target.First), Math.Min(source.End, target.End) - piece.Rows);
        Assert.Equal(rowBytes * (piece.FirstRow - source.First), piece.FromByte);
        Assert.Equal(rowBytes * (piece.FirstRow - target.First), piece.IntoByte);
        Assert.Equal(rowBytes * piece.Rows, piece.Bytes);
    }

    [Property]
    public void The_split_is_the_trainers(int seed)
    {
        var random = new Random(seed);
        var (rows, world) = (random.Next(0, 500), 1 + random.Next(70));
        for (var rank = 0; rank < world; rank++)
        {
            var range = RowPartition.Of(rows, rank, world);
            Assert.Equal((range.First, range.End), (RowSplit.First(rows, rank, world), RowSplit.First(rows, rank + 1, world)));
            for (var row = range.First; row < range.End; row++) Assert.Equal(rank, RowSplit.Owner(rows, row, world));
        }
    }

    static readonly TensorLayout Trainer = new(LayoutDigest.FormatName, new WorldSize(4),
    [
        new("model.w", TensorDtype.F32, [10, 3], TensorRole.Weight),
        new("optimizer.exp_avg.w", TensorDtype.F32, [10, 3], TensorRole.ExpAvg),
        new("optimizer.step", TensorDtype.I64, [], TensorRole.Scalar), new("rng.torch", TensorDtype.U8, [4, 5_056], TensorRole.Rng),
        new("data.cursor", TensorDtype.I64, [4, 4], TensorRole.DataCursor),
    ]);

    [Theory]
    [InlineData(4, "Weights Direct, Optimizer Direct, Rng Direct, DataCursor Direct")]
    [InlineData(3, "Weights Reshard, Optimizer Reshard, Rng Lost, DataCursor Lost")]
    public void Each_component_has_its_verdict(int world, string expected)
    {
        var plan = ReshardPlan.Of(Trainer, new WorldSize(world));
        Assert.Equal(expected, string.Join(", ", plan.Components.Select(static c => $"{c.Component} {c.Verdict}")));
        Assert.True(plan.IsUsable);
        Assert.Equal(world != 4, plan.Why.Contains("not bit for bit", StringComparison.Ordinal));
    }

    [Fact]
    public void What_nobody_knows_the_role_of_makes_it_unusable_elsewhere()
    {
        var layout = Trainer with { Tensors = [new("x", TensorDtype.F32, [8], TensorRole.Opaque)] };
        Assert.False(ReshardPlan.Of(layout, new WorldSize(2)).IsUsable);
        Assert.True(ReshardPlan.Of(layout, new WorldSize(4)).IsUsable);
    }
}
