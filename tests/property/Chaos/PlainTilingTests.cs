using Lineage.ChaosHarness.Checkers;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Resharding;
using Lineage.Tests.Property.Restoring;
using Lineage.Tests.Property.Saving;

namespace Lineage.Tests.Property.Chaos;

/// <summary>S19 over stored bytes: a plan of the service, carried out by the judge's own reader.</summary>
public sealed class PlainTilingTests(StoredRun run) : IClassFixture<StoredRun>
{
    static readonly CheckpointId Saved = SavingWorld.Id(3);

    readonly TensorLayout layout = TensorLayout.Of(run.World.World, run.Blank(0).Layout);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void What_another_world_reads_is_what_the_owners_hold_together(int world)
    {
        var tiling = Open().Read(Plan(world));

        Assert.Empty(tiling.Differences);
        Assert.NotEmpty(tiling.Plans);
        Assert.True(tiling.Bytes > 0);
        foreach (var plan in tiling.Plans)
        {
            Assert.Equal(plan.Rows, plan.Reads.Sum(static one => one.Rows));
            Assert.Equal(plan.Rows, plan.Owners.Sum(static one => one.Rows));
        }
    }

    [Fact]
    public void A_piece_that_is_read_from_the_wrong_place_is_no_tiling()
    {
        var plan = Plan(3);
        var (rank, at) = Enumerable.Range(0, plan.Count)
            .SelectMany(r => Enumerable.Range(0, plan[r].Count).Select(i => (r, i))).First(one => plan[one.r][one.i].FromByte > 0);
        var pieces = plan[rank].ToArray();
        pieces[at] = pieces[at] with { FromByte = 0 };

        var tiling = Open().Read([.. plan.Select((one, r) => r == rank ? pieces : one)]);

        Assert.NotEmpty(tiling.Differences);
    }

    PlainTiling Open() => PlainTiling.Open(run.World.Directory["store"], "local", Saved, layout);

    IReadOnlyList<IReadOnlyList<ReshardPiece>> Plan(int world)
    {
        var plan = ReshardPlan.Of(layout, new WorldSize(world));
        return [.. new WorldSize(world).Ranks.Select(rank => (IReadOnlyList<ReshardPiece>)[.. plan.Of(rank)])];
    }
}
