using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Lineage.Agents.Capture;
using Lineage.Agents.Safetensors;
using Lineage.Agents.Shards;
using Lineage.ChaosHarness.Checkers;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Chaos.Scenarios;

public sealed class ExportScenarios
{
    const string Python = "/usr/bin/python3";

    static readonly RunId Run = RunId.Parse("export");
    static readonly WorldSize Ranks = new(2);

    [PythonFact]
    public async Task What_restore_writes_is_the_live_state_and_plain_python_reads_the_same()
    {
        await using var world = await World.StartAsync("export");
        var launcher = world.Launch(Run, Ranks.Value, steps: 20, saveEvery: 5);
        Assert.True(await launcher.WaitAsync(world.Cancellation) == ExitCodes.Done, launcher.Tail());
        await world.UntilAsync("the last save verified", () => world.RunAsync(Run), static run => run?.NewestVerified?.Step.Value == 20);
        var target = Path.Combine(world.Training.StateDirectory, "restored");

        var (exitCode, output) = await world.Training.CommandAsync(world.Cancellation, "restore", $"{Run}:latest-verified", "--to", target);

        Assert.True(exitCode == ExitCodes.Done, output);
        var files = Directory.GetFiles(target, "*.safetensors").Order(StringComparer.Ordinal).ToList();
        foreach (var file in files) Assert.Equal(DigestsByUs(file), await DigestsByPythonAsync(file, world.Cancellation));
        var live = RunOutcome.Read(world.Training.StateDirectory, Run, Ranks).StateDigests;
        var last = new CheckpointId(Run, new Generation(1), new Step(20));
        foreach (var rank in Ranks.Ranks)
            Assert.Equal(live[rank.Value],
                StateOf(rank, Path.Combine(world.Training.StoreDirectory, ObjectKeys.Shard(new ShardId(last, rank))), files));
    }

    /// <summary>The rank's state digest from the exported files: its rows of every tensor, in the order of its own layout.</summary>
    static ContentHash StateOf(Rank rank, string shardPath, List<string> files)
    {
        using var shard = ShardReader.Open(shardPath);
        var readers = files.Where(
            file => Path.GetFileName(file) == "model.safetensors" || file.Contains(TensorMerge.FileStem(rank), StringComparison.Ordinal))
            .Select(SafetensorsReader.Open).ToList();
        var layout = shard.Tensors;
        var digest =
            StateDigest.Of(layout, (tensor, byteOffset, destination) => ReadRows(readers, layout[tensor], byteOffset, destination));
        readers.ForEach(static reader => reader.Dispose());
        return digest;
    }

    /// <summary>The trainer shards along the first dimension only, so a rank's rectangle is one run of bytes of the whole tensor.</summary>
    static void ReadRows(List<SafetensorsReader> readers, TensorSpec spec, long byteOffset, Span<byte> destination)
    {
        foreach (var reader in readers)
        {
            var index = reader.Tensors.Index().Where(entry => entry.Item.Name == spec.Name).Select(static entry => (int?)entry.Index)
                .SingleOrDefault();
            if (index is not { } found) continue;
            var whole = reader.Tensors[found].GlobalShape.SequenceEqual(spec.GlobalShape);
            if (!whole) Assert.Equal(spec.Sizes, reader.Tensors[found].GlobalShape);   // a rank's own file holds just its rectangle
            var rowBytes = spec.GlobalShape.Skip(1).Aggregate(spec.Dtype.Bits() / 8L, static (product, size) => product * size);
            reader.Read(found, (whole && spec.Offsets.Count > 0 ? spec.Offsets[0] * rowBytes : 0) + byteOffset, destination);
            return;
        }

        Assert.Fail($"No exported file holds {spec.Name}.");
    }

    static SortedDictionary<string, string> DigestsByUs(string file)
    {
        using var reader = SafetensorsReader.Open(file);
        var digests = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (var tensor = 0; tensor < reader.Tensors.Count; tensor++)
        {
            var bytes = new byte[reader.Tensors[tensor].Bytes];
            reader.Read(tensor, 0, bytes);
            digests[reader.Tensors[tensor].Name] = Convert.ToHexStringLower(SHA256.HashData(bytes));
        }

        return digests;
    }

    static async Task<SortedDictionary<string, string>> DigestsByPythonAsync(string file, CancellationToken cancellation)
    {
        using var python =
            Process.Start(new ProcessStartInfo(Python, [ReaderScript(), file]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        using var answer = await JsonDocument.ParseAsync(python.StandardOutput.BaseStream, cancellationToken: cancellation);
        await python.WaitForExitAsync(cancellation);
        Assert.Equal(0, python.ExitCode);
        return new SortedDictionary<string, string>(
            answer.RootElement.EnumerateArray().ToDictionary(
                static tensor => tensor.GetProperty("name").GetString()!, static tensor => tensor.GetProperty("sha256").GetString()!,
                StringComparer.Ordinal),
            StringComparer.Ordinal);
    }

    static string ReaderScript()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "tests/python/read_safetensors.py")))
                return Path.Combine(folder.FullName, "tests/python/read_safetensors.py");
        throw new FileNotFoundException($"No tests/python/read_safetensors.py above {AppContext.BaseDirectory}.");
    }
}

/// <summary>A test that needs the system's Python; where it is missing the test is skipped and says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PythonFactAttribute : FactAttribute
{
    public PythonFactAttribute() =>
        Skip = File.Exists("/usr/bin/python3") ? null : "/usr/bin/python3 is not there (apt-get install python3-minimal)";
}
