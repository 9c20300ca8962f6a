using FsCheck.Xunit;
using Lineage.Agents.Training;

namespace Lineage.Tests.Property.Training;

public sealed class RowPartitionLaws
{
    [Property(MaxTest = 300)]
    public bool Every_row_is_owned_by_exactly_one_rank(ushort rowsSeed, byte worldSeed)
    {
        int rows = rowsSeed % 700, world = 1 + (worldSeed % 40);
        var owners = Enumerable.Range(0, world).SelectMany(rank => Rows(RowPartition.Of(rows, rank, world)));

        return owners.SequenceEqual(Enumerable.Range(0, rows).Select(static row => (long)row));
    }

    [Property(MaxTest = 300)]
    public bool Shares_differ_by_at_most_one_row(uint rows, byte worldSeed)
    {
        var world = 1 + worldSeed;
        var counts = Enumerable.Range(0, world).Select(rank => RowPartition.Of(rows, rank, world).Count).ToArray();

        return counts.Max() - counts.Min() <= 1 && counts.Sum() == rows;
    }

    [Fact]
    public void The_last_rank_of_the_largest_tensor_ends_at_its_last_row()
    {
        Assert.Equal(long.MaxValue, RowPartition.Of(long.MaxValue, 1_048_575, 1_048_576).End);
    }

    [Property(MaxTest = 100)]
    public bool Packed_pieces_of_all_ranks_tile_every_parameter(byte width, byte worldSeed)
    {
        var parameters = new TransformerShape(Width: 1 + (width % 9), Layers: 1, Heads: 1, Context: 5).Parameters();
        var world = 1 + (worldSeed % 12);
        var owners = Enumerable.Range(0, world).Select(rank => OwnedRows.Of(parameters, rank, world)).ToArray();

        return parameters.Index().All(p => TilesExactly(owners.Select(o => o.Pieces[p.Index]), p.Item.Elements * OwnedRows.ElementBytes))
            && owners.All(static o => PacksWithoutGaps(o));
    }

    static bool TilesExactly(IEnumerable<OwnedPiece> pieces, long bytes)
    {
        var next = 0;
        foreach (var piece in pieces)
        {
            if (piece.SourceByte != next) return false;
            next += piece.Bytes;
        }

        return next == bytes;
    }

    static bool PacksWithoutGaps(OwnedRows owned) =>
        owned.Pieces.Aggregate(0, static (next, piece) => piece.PackedByte == next ? next + piece.Bytes : -1) == owned.Bytes;

    static IEnumerable<long> Rows(RowRange range)
    {
        for (var row = range.First; row < range.End; row++) yield return row;
    }
}
