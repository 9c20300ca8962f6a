using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Lineage.Agents.Codec;
using Lineage.Agents.Shards;
using Lineage.Contracts.Format;
using Lineage.Tests.Property.Format;
using Lineage.Tests.Property.House;
using Lineage.Tests.Property.Safetensors;
using Lineage.Tests.Property.Saving;

namespace Lineage.Tests.Property.Shards;

/// <summary>tests/python/read_shard.py was written from docs/FORMAT.md alone and shares no code with us: where both see the same tensors,
/// the text says what the code does.</summary>
public sealed class SecondReader
{
    [SecondReaderTheory, InlineData("shard-v1"), InlineData("shard-v2")]
    public async Task Plain_Python_sees_the_same_in_golden_shards(string name)
    {
        var full = Path.Combine(Golden.Folder, $"{name}-full.shard");
        await CompareAsync(full);
        await CompareAsync(full, Path.Combine(Golden.Folder, $"{name}-incremental.shard"));
    }

    [SecondReaderTheory]
    [InlineData(3, 1_024, CodecPreset.Default), InlineData(4, 64, CodecPreset.Default), InlineData(5, 65_536, CodecPreset.Default)]
    [InlineData(6, 1_024, CodecPreset.High), InlineData(7, 64, CodecPreset.High), InlineData(8, 256, CodecPreset.Fast)]
    public async Task Plain_Python_sees_the_same_in_a_trainers_shards(int seed, int chunkElements, CodecPreset preset)
    {
        var (tensors, before) = SampleState.Draw(seed, drift: 0);
        await CompareAsync(tensors, [before, SampleState.Draw(seed, drift: 3).Bytes], chunkElements, preset);
    }

    [SecondReaderTheory]
    [InlineData(11, CodecPreset.Default), InlineData(12, CodecPreset.High)]
    [InlineData(13, CodecPreset.Default), InlineData(14, CodecPreset.High)]
    public async Task Plain_Python_sees_the_same_in_shards_of_all_types(int seed, CodecPreset preset)
    {
        var run = SmallStates.Run(seed, stateCount: 2, tensorCount: 40, chunkElements: 64);
        await CompareAsync(run.Tensors, run.States, run.ChunkElements, preset);
    }

    static async Task CompareAsync(
        IReadOnlyList<TensorSpec> tensors, IReadOnlyList<byte[][]> states, int chunkElements, CodecPreset preset)
    {
        using var place = new TempDirectory();
        var (lower, upper) = (
            new MemoryTensors(tensors, states[0], chunkElements), new MemoryTensors(tensors, states[1], chunkElements));
        var (full, written) = Stored.Full(lower, 1, chunkElements, preset);
        var (incremental, _) = Stored.Incremental(upper, 2, lower, 1, written.Root, chunkElements, preset);
        await File.WriteAllBytesAsync(place["full.shard"], full);
        await File.WriteAllBytesAsync(place["incremental.shard"], incremental);
        await CompareAsync(place["full.shard"]);
        await CompareAsync(place["full.shard"], place["incremental.shard"]);
    }

    static async Task CompareAsync(params string[] links)
    {
        using var chain = ShardChain.Open(links);
        var expected = chain.Top.Tensors.Zip(Stored.ReadAll(chain.Bytes), static (spec, bytes) =>
            $"{spec.Name} {spec.Dtype} {Convert.ToHexStringLower(SHA256.HashData(bytes))}");
        Assert.Equal(string.Join('\n', [chain.Top.Root.Hex, .. expected]), await SeenAsync(links));
    }

    static async Task<string> SeenAsync(string[] links)
    {
        var start = new ProcessStartInfo(PythonTheoryAttribute.Python)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(Path.Combine(Repository.Root, "tests/python/read_shard.py"));
        foreach (var link in links) start.ArgumentList.Add(link);
        using var python = Process.Start(start)!;
        var errors = python.StandardError.ReadToEndAsync();
        var output = await python.StandardOutput.ReadToEndAsync();
        await python.WaitForExitAsync();
        Assert.True(python.ExitCode == 0, $"read_shard.py: {await errors}");
        using var json = JsonDocument.Parse(output);
        var tensors = json.RootElement.GetProperty("tensors").EnumerateArray().Select(static t =>
            $"{t.GetProperty("name").GetString()} {t.GetProperty("dtype").GetString()} {t.GetProperty("sha256").GetString()}");
        return string.Join('\n', [json.RootElement.GetProperty("root").GetString()!, .. tensors]);
    }
}

/// <summary>A test that needs the system's Python, and its zstd library for what that lacks; where one is missing the test is skipped and
/// says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SecondReaderTheoryAttribute : TheoryAttribute
{
    const string Library = "libzstd.so.1";

    public SecondReaderTheoryAttribute() => Skip =
        new PythonTheoryAttribute().Skip ?? (HasZstd() ? null : $"{Library} is not there (apt-get install libzstd1)");

    static bool HasZstd()
    {
        if (!NativeLibrary.TryLoad(Library, out var handle)) return false;
        NativeLibrary.Free(handle);
        return true;
    }
}
