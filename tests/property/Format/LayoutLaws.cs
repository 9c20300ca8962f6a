using FsCheck.Xunit;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Tests.Property.Shards;

namespace Lineage.Tests.Property.Format;

public sealed class LayoutLaws
{
    static readonly TensorSpec Weight = new("w", TensorDtype.F32, [8, 4], [0, 0], [2, 4], TensorRole.Weight);

    [Fact]
    public void Every_rank_names_the_same_layout_and_any_global_difference_another()
    {
        var digest = LayoutDigest.Of(new WorldSize(4), [Weight]);
        Assert.Equal(digest, LayoutDigest.Of(new WorldSize(4), [Weight with { Offsets = [2, 0], Sizes = [6, 4] }]));
        TensorSpec[] others =
        [
            Weight with { Name = "v" }, Weight with { Dtype = TensorDtype.I32 }, Weight with { GlobalShape = [8, 5] },
            Weight with { Role = TensorRole.Master },
        ];
        Assert.All(others, other => Assert.NotEqual(digest, LayoutDigest.Of(new WorldSize(4), [other])));
        Assert.NotEqual(digest, LayoutDigest.Of(new WorldSize(2), [Weight]));
        Assert.NotEqual(
            LayoutDigest.Of(new WorldSize(4), [Weight, Weight with { Name = "v" }]),
            LayoutDigest.Of(new WorldSize(4), [Weight with { Name = "v" }, Weight]));
    }

    [Property(MaxTest = 300, Arbitrary = [typeof(SmallStates)])]
    public void Chunks_cover_every_byte_of_every_tensor_once_and_in_order(SmallRun run)
    {
        var next = new long[run.Tensors.Count];
        foreach (var place in ChunkPlan.Of(run.Tensors, run.ChunkElements))
        {
            Assert.Equal(next[place.Tensor], place.ByteOffset);
            Assert.InRange(place.Length, 1, run.ChunkElements * 8);
            next[place.Tensor] += place.Length;
        }

        Assert.Equal(run.Tensors.Select(static t => t.Bytes), next);
    }

    [Fact]
    public void Tensors_above_two_gibibytes_have_long_offsets()
    {
        var huge = Weight with { GlobalShape = [1L << 33], Offsets = [0], Sizes = [1L << 33] };
        var count = ChunkPlan.Count(huge, ShardLimits.ChunkElementsDefault);
        Assert.Equal(1L << 17, count);
        Assert.Equal(
            new ChunkPlace(0, count - 1, (1L << 35) - 262_144, 262_144),
            ChunkPlan.At(huge, 0, count - 1, ShardLimits.ChunkElementsDefault));
    }

    [Fact]
    public void A_layout_past_a_limit_is_named()
    {
        Assert.Null(TensorTable.Objection([Weight]));
        (TensorSpec[] Tensors, string Reason)[] refused =
        [
            ([Weight, Weight], "repeats the name"),
            ([Weight with { Name = "" }], "name of 0"),
            ([Weight with { Name = new string('é', 600) }], "name of 600"),
            ([Weight with { Name = "a\nb" }], "control character"),
            ([Weight with { Name = "a\ud800" }], "surrogate"),
            ([Weight with { Sizes = [9, 4] }], "rectangle"),
            ([Weight with { Offsets = [long.MaxValue, 0] }], "rectangle"),
            ([Weight with { Offsets = [0] }], "dimensions"),
            ([Weight with { GlobalShape = new long[9], Offsets = new long[9], Sizes = new long[9] }], "dimensions"),
            ([Weight with { GlobalShape = [1L << 40, 1L << 40], Offsets = [0, 0], Sizes = [0, 0] }], "2^56"),
            ([Weight with { Dtype = TensorDtype.F4, GlobalShape = [3], Offsets = [0], Sizes = [3] }], "whole bytes"),
            ([Weight with { CastOf = "w" }], "cast of"),
            ([Weight with { Dtype = (TensorDtype)99 }], "unknown type"),
        ];
        Assert.All(refused, static r => Assert.Contains(r.Reason, TensorTable.Objection(r.Tensors), StringComparison.Ordinal));
    }

    [Fact]
    public void A_manifest_has_one_canonical_form_and_every_member_counts()
    {
        var manifest = Samples.Manifest;
        Assert.Equal(ContentHash.Of(manifest.CanonicalBytes()), manifest.Hash());
        Manifest[] others =
        [
            manifest with { Kind = CheckpointKind.Full },
            manifest with { Base = null },
            manifest with { WorldSize = new WorldSize(3) },
            manifest with { LayoutDigest = ContentHash.Of("x"u8) },
            manifest with { Shards = [.. manifest.Shards.Reverse()] },
            manifest with { Shards = [manifest.Shards[0] with { StoredBytes = 1 }, manifest.Shards[1]] },
        ];
        Assert.All(others, other => Assert.NotEqual(manifest.Hash(), other.Hash()));
    }
}
