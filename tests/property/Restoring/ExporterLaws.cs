using Lineage.Agents.Restoring;
using Lineage.Agents.Safetensors;
using Lineage.Agents.Shards;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Tests.Property.Saving;

namespace Lineage.Tests.Property.Restoring;

public sealed class ExporterLaws(StoredRun run) : IClassFixture<StoredRun>
{
    static readonly string[] Shared = ["model.weight", "optimizer.exp_avg", "optimizer.exp_avg_sq"];

    [Fact]
    public async Task An_export_puts_every_tensor_together_from_all_ranks_bit_for_bit()
    {
        using var place = new TempDirectory();
        var exported = await ExportAsync(place["out"], step: 3);
        Assert.Equal(
            "model.safetensors, rank-00000.safetensors, rank-00001.safetensors",
            string.Join(", ", exported.Files.Select(static f => f.Name)));

        using var model = SafetensorsReader.Open(Path.Combine(exported.Directory, "model.safetensors"));
        var names = model.Tensors.Select(static t => t.Name).ToList();
        foreach (var (index, name) in Shared.Index())
        {
            byte[] whole = [.. run.Captured[(3, 0)][index], .. run.Captured[(3, 1)][index]];   // rows of rank 0, then of rank 1
            Assert.Equal(whole, Bytes(model, names.IndexOf(name)));
        }

        for (var rank = 0; rank < 2; rank++)
        {
            using var own = SafetensorsReader.Open(Path.Combine(exported.Directory, $"rank-0000{rank}.safetensors"));
            var cursor = own.Tensors.Select(static t => t.Name).ToList().IndexOf("data.cursor");
            Assert.Equal(run.Captured[(3, rank)][4], Bytes(own, cursor));
        }
    }

    [Fact]
    public async Task An_export_larger_than_a_file_may_be_is_split_and_indexed_and_reads_back_the_same()
    {
        using var place = new TempDirectory();
        var whole = await ExportAsync(place["whole"], step: 3);
        var split = await ExportAsync(place["split"], step: 3, fileBytesMax: 200);
        Assert.Contains("model-00001-of-00003.safetensors", split.Files.Select(static f => f.Name), StringComparer.Ordinal);
        foreach (var file in split.Files) Assert.Equal(new FileInfo(Path.Combine(split.Directory, file.Name)).Length, file.Bytes);
        Assert.Empty(Directory.EnumerateFileSystemEntries(place.Path, ".*.tmp"));

        using var model = SafetensorsReader.Open(Path.Combine(whole.Directory, "model.safetensors"));
        using var set = SafetensorsSet.Open(Path.Combine(split.Directory, "model.safetensors.index.json"));
        var names = set.Tensors.Select(static t => t.Name).ToList();
        Assert.Equal(model.Tensors.Count, names.Count);
        foreach (var (index, tensor) in model.Tensors.Index()) Assert.Equal(Bytes(model, index), Bytes(set, names.IndexOf(tensor.Name)));
    }

    [Fact]
    public async Task A_target_with_anything_in_it_is_refused_and_an_empty_one_is_taken()
    {
        using var place = new TempDirectory();
        Directory.CreateDirectory(place["full"]);
        File.WriteAllText(Path.Combine(place["full"], "mine"), "mine");
        var refused = await Assert.ThrowsAsync<LineageProblemException>(() => ExportAsync(place["full"], step: 1));
        Assert.Equal(ProblemCodes.TargetNotEmpty, refused.Code);
        Assert.Equal("mine", File.ReadAllText(Path.Combine(place["full"], "mine")));

        Directory.CreateDirectory(place["empty"]);
        await ExportAsync(place["empty"], step: 1);
        Assert.True(File.Exists(Path.Combine(place["empty"], "model.safetensors")));
    }

    [Fact]
    public async Task A_damaged_shard_is_named_and_nothing_is_left_in_the_place()
    {
        using var place = new TempDirectory();
        var file = run.FileOf(1, rank: 1);
        var whole = File.ReadAllBytes(file);
        try
        {
            var hurt = whole.ToArray();
            hurt[hurt.Length / 3] ^= 1;
            File.WriteAllBytes(file, hurt);
            var damaged = await Assert.ThrowsAsync<ShardDamagedException>(() => ExportAsync(place["out"], step: 1));
            Assert.Equal(new ShardId(SavingWorld.Id(1), new Rank(1)), damaged.Shard);
            Assert.Empty(Directory.EnumerateFileSystemEntries(place.Path));
        }
        finally
        {
            File.WriteAllBytes(file, whole);
        }
    }

    Task<Exported> ExportAsync(string directory, long step, long fileBytesMax = SafetensorsLimits.FileBytesMax) =>
        new CheckpointExporter(run.World.Tier, TimeProvider.System, fileBytesMax)
            .ExportAsync(run.World.Service.Chain(SavingWorld.Id(step)), directory, CancellationToken.None);

    static byte[] Bytes(ITensorBytes file, int tensor)
    {
        var bytes = new byte[file.Tensors[tensor].Bytes];
        file.Read(tensor, 0, bytes);
        return bytes;
    }
}
