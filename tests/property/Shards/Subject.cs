using Lineage.Agents.Codec;
using Lineage.Agents.Shards;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Shards;

/// <summary>A stored shard that is to be damaged, and what its owner has on record.</summary>
/// <param name="Others">States of the same layout that it was not encoded against.</param>
sealed record Subject(byte[] Object, ShardId Shard, ContentHash Root, ITensorBytes? Base, IReadOnlyList<ITensorBytes> Others)
{
    const int ObjectBytesMax = 16_000;
    static readonly int[] ChunkElements = [8, 16, 64, 1_024];

    /// <summary>Full shards and incremental ones over them, of small models, each under an identity of its own.</summary>
    public static List<Subject> Draw(int count, ModesSeen seen)
    {
        var subjects = new List<Subject>();
        for (var seed = 1; subjects.Count < count; seed++)
        {
            var run = SmallStates.Model(seed, stateCount: 3, tensorCount: seed % 3, ChunkElements[seed % ChunkElements.Length]);
            MemoryTensors[] states = [.. run.States.Select(state => new MemoryTensors(run.Tensors, state, run.ChunkElements))];
            var lower = Of(states[0], 2 * seed, null, null, run.ChunkElements, [], seen);
            if (lower.Object.Length > ObjectBytesMax) continue;
            var link = new BaseShard(lower.Shard.Checkpoint, Stored.SomeManifest, lower.Root);
            subjects.AddRange([lower, Of(states[1], (2 * seed) + 1, states[0], link, run.ChunkElements, [states[1], states[2]], seen)]);
        }

        return subjects;
    }

    static Subject Of(
        MemoryTensors state, int step, MemoryTensors? below, BaseShard? link, int chunk, IReadOnlyList<ITensorBytes> others, ModesSeen seen)
    {
        var (bytes, written) = Stored.Write(state, step, below, link, chunk, CodecPreset.Default, parallel: 1);
        seen.Add(written.Modes);
        return new Subject(bytes, new ShardId(Stored.At(step), new Rank(1)), written.Root, below, others);
    }

    /// <summary>With the root on record, or without.</summary>
    public ShardFinding Verify(byte[] bytes, bool hasRoot, ITensorBytes? below = null) => ShardVerifier.Verify(
        new MemoryStream(bytes, writable: false), "x.shard", new ShardExpectation(Shard, hasRoot ? Root : null), VerificationDepth.Deep,
        below ?? Base, CancellationToken.None);

    /// <summary>Damages the object and demands that it is found, and named to the chunk when nothing else was damaged.</summary>
    /// <returns>False if the bytes are what they were: that is no damage.</returns>
    public bool IsFound(byte[] damaged, bool hasRoot)
    {
        if (damaged.AsSpan().SequenceEqual(Object)) return false;
        var finding = Verify(damaged, hasRoot);
        Assert.True(finding.Finding is Finding.Altered or Finding.Truncated, $"{Shard}: missed, {finding}");
        Assert.StartsWith("x.shard: at byte ", finding.Detail, StringComparison.Ordinal);
        var touched = Touched(damaged);
        Assert.True(
            touched.Count == 0 || touched.Any(name => finding.Detail!.Contains(name, StringComparison.Ordinal)),
            $"{Shard}: damaged was {string.Join(", ", touched)}, found was {finding.Detail}");
        return true;
    }

    /// <summary>The chunks whose bytes or padding differ, if nothing else does.</summary>
    List<string> Touched(byte[] damaged)
    {
        if (damaged.Length != Object.Length) return [];
        using var reader = Stored.Open(Object);
        var end = ShardLimits.Align(reader.Header.Write().Length);
        if (!Equal(damaged, 0, end)) return [];
        var touched = new List<string>();
        foreach (var entry in Enumerable.Range(0, reader.ChunkCount).Select(reader.Entry))
        {
            end = ShardLimits.Align(entry.StoredOffset + entry.StoredBytes);
            if (!Equal(damaged, entry.StoredOffset, end))
                touched.Add($"chunk {entry.Ordinal:N0} of tensor \"{reader.Tensors[entry.Tensor].Name}\"");
        }

        return Equal(damaged, end, Object.Length) ? touched : [];
    }

    bool Equal(byte[] damaged, long from, long to) =>
        damaged.AsSpan((int)from, (int)(to - from)).SequenceEqual(Object.AsSpan((int)from, (int)(to - from)));
}
