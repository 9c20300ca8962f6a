using System.Text.Json;
using Lineage.Agents.Comparing;
using Lineage.Agents.Inspecting;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Cli;

/// <summary>Pages about stored bytes: what differs between two checkpoints, and what lies in one shard.</summary>
public class BytePageTests
{
    [Fact]
    public void A_difference_lists_tensors_by_share_with_their_largest_change_and_cost() =>
        GoldenPage.Check("diff", DiffPage.Draw(Difference(), Sample.Wide with { Width = 130 }));

    [Fact]
    public void A_difference_of_worlds_says_so_and_ascii_draws_it() => GoldenPage.Check("diff-worlds", DiffPage.Draw(
        Difference() with
        {
            From = Difference().From with { WorldSize = new WorldSize(2) },
            SameWorld = false,
            SameLayout = false,
            Steps = -10,
        },
        Sample.Ascii with { Width = 130 }));

    [Fact]
    public void As_json_a_difference_is_one_object_and_as_csv_a_line_per_tensor()
    {
        var view = Difference();
        var answer = Answer.Report(view, view.Tensors, static tensor => tensor.Name, static _ => []);
        var json = JsonDocument.Parse(Assert.Single(answer.Write(OutputFormat.Json, Sample.Wide, colour: false))).RootElement;
        Assert.Equal((1, 6), (json.GetProperty("schema").GetInt32(), json.GetProperty("tensors").GetArrayLength()));
        Assert.Equal("Infinity", json.GetProperty("tensors").EnumerateArray().Single(
            static t => t.GetProperty("name").ValueEquals("norm.scale")).GetProperty("largestChange").GetString());
        Assert.Equal(7, answer.Write(OutputFormat.Csv, Sample.Wide, colour: false).Count());
        Assert.Contains("blk.0.weight", answer.Write(OutputFormat.Name, Sample.Wide, colour: false), StringComparer.Ordinal);
        Assert.All(
            answer.Write(OutputFormat.Jsonl, Sample.Wide, colour: false),
            static line => Assert.Equal(Answer.Schema, JsonDocument.Parse(line).RootElement.GetProperty("schema").GetInt32()));
    }

    [Fact]
    public void A_shard_page_tells_identity_codec_modes_and_each_tensor() =>
        GoldenPage.Check("shard", ShardPage.Draw(new ShardFileView(Contents(), null, null), Sample.Wide with { Width = 130 }));

    [Fact]
    public void Chunks_are_listed_with_place_mode_and_digests()
    {
        ChunkContents[] chunks =
        [
            new(0, "blk.0.weight", 0, ChunkMode.DeltaPlanes, 448, 131_072, 3_210, "12739a7038127a97", Sample.Hash("0")),
            new(1, "blk.0.weight", 1, ChunkMode.Same, 3_712, 131_072, 0, "c81d292d564c3583", Sample.Hash("")),
        ];
        GoldenPage.Check("shard-chunks", ShardPage.Draw(new ShardFileView(Contents(), chunks, null), Sample.Wide with { Width = 130 }));
    }

    [Fact]
    public void A_check_names_every_damaged_chunk_and_what_could_not_be_known()
    {
        var damaged = new DamagedChunk(
            "r0.shard", 1, "blk.0.weight", 1, "r0.shard: at byte 3,712: chunk 1 of tensor \"blk.0.weight\" was altered");
        ShardCheck[] checks =
        [
            new(Finding.Intact, null, [], 0, 5, 0, 40_000),
            new(Finding.Altered, null, [damaged], 3, 2, 0, 40_000),
            new(Finding.Unknown, "3 chunks refer to base demo/1/10 with root 4f1c, which was not given", [], 0, 2, 3, 40_000),
        ];
        GoldenPage.Check("shard-checks", string.Join("\n\n", checks.Select(static check =>
            ShardPage.Draw(new ShardFileView(Contents() with { Tensors = [] }, [], check), Sample.Wide)
                .SkipWhile(static line => !line.Text.TrimStart().StartsWith('#')).Skip(2).ToList().Text())));
    }

    [Fact]
    public void Every_mode_has_a_name_of_its_own_whatever_modes_there_will_be() => Assert.Equal(
        Enum.GetValues<ChunkMode>().Length,
        Enum.GetValues<ChunkMode>().Select(Marks.Mode).Where(static name => name.All(static c => char.IsAsciiLetterLower(c) || c is '-'
            || char.IsAsciiDigit(c))).Distinct(StringComparer.Ordinal).Count());

    static DiffView Difference()
    {
        DiffSide Side(CheckpointView view, long chain) => DiffSide.Of(view, new ChainView(view.Checkpoint, [], chain, null));
        var before = Side(Sample.Checkpoint(Sample.Id(1, 20), CheckpointPhase.Verified, null, Sample.Id(1, 10)), 6_160_000);
        var after = Side(Sample.Checkpoint(Sample.Id(2, 30), CheckpointPhase.Sealed, null), 4_800_000);
        TensorDifference Tensor(
            string name, TensorChange change, long elements, ElementTally tally, long raw, long stored,
            TensorDtype dtype = TensorDtype.BF16, params long[] shape) =>
            new(name, change, dtype, TensorRole.Weight, shape, 4, elements, tally, raw, stored);
        return DiffView.Of(
            new CheckpointDifference(before.Checkpoint, after.Checkpoint,
            [
                Tensor("head.bias", TensorChange.Added, 0, default, 1_024, 1_024, TensorDtype.F32, 256),
                Tensor("old.bias", TensorChange.Removed, 0, default, 0, 0, TensorDtype.F32, 256),
                Tensor("blk.0.weight", TensorChange.Changed, 1_048_576, new(900_000, 0, 0, 0.001953125), 2_097_152, 1_000_000,
                    shape: [1_024, 1_024]),
                Tensor("norm.scale", TensorChange.Changed, 1_000, new(3, 2, 1, double.PositiveInfinity), 2_000, 100, shape: 1_000),
                Tensor("blk.1.weight", TensorChange.Changed, 1_048_576, new(2, 0, 0, 3.0517578125E-05), 2_097_152, 96,
                    shape: [1_024, 1_024]),
                Tensor("step", TensorChange.Unchanged, 1, default, 8, 8, TensorDtype.I64),
            ], 11_000_000, TimeSpan.FromMilliseconds(467)), before, after);
    }

    static ShardContents Contents() => new(
        "store/demo/g1/s20/r0.shard", new ShardId(Sample.Id(1, 20), new Rank(0)), new WorldSize(4), Sample.Hash("layout"),
        Sample.Hash("root"), new BaseShard(Sample.Id(1, 10), Sample.Hash("manifest"), Sample.Hash("base")),
        new CodecName("lineage.planes", 1), 65_536, 5, 1_310_736, 340_000, 341_500,
        [
            new("blk.0.weight", TensorDtype.BF16, TensorRole.Weight, [1_024, 640], [0, 0], [256, 640], null, 3, 327_680, 40_000,
                [new(ChunkMode.DeltaPlanes, 2, 262_144, 40_000), new(ChunkMode.Same, 1, 65_536, 0)]),
            new("blk.0.exp_avg_sq", TensorDtype.F32, TensorRole.ExpAvgSq, [1_024, 640], [0, 0], [1_024, 640], "blk.0.weight", 1, 983_040,
                299_984, [new(ChunkMode.Planes, 1, 983_040, 299_984)]),
            new("step", TensorDtype.I64, TensorRole.Scalar, [], [], [], null, 1, 16, 16, [new(ChunkMode.Raw, 1, 16, 16)]),
        ]);
}
