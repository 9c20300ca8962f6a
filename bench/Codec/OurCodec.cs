using Lineage.Agents.Codec;
using Lineage.Agents.Shards;
using Lineage.Bench.Traces;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Bench.Codec;

/// <summary>The project's shard object in memory: every digest taken when encoding and checked when decoding. The one place of the codec
/// suite that calls it.</summary>
sealed class OurCodec(CodecPreset preset) : IStateCodec
{
    /// <summary>More than header and index take on any trace here.</summary>
    const int IndexBytes = 1 << 20;

    static readonly RunId Run = RunId.Parse("bench");
    static readonly ContentHash BaseContent = ContentHash.Of("the base of every incremental here"u8);

    readonly BufferStream stored = new();
    long[] perTensor = [];

    public string Name => preset == CodecPreset.Default ? "lineage" : $"lineage {preset.ToString().ToLowerInvariant()}";

    public bool UsesBase => true;

    public long StoredBytes { get; private set; }

    public long StoredOf(int tensor) => perTensor[tensor];

    public void Encode(MemoryTensors state, MemoryTensors? baseState)
    {
        stored.Reset(state.RawBytes + IndexBytes);
        if (baseState is not null) baseState.ShardRoot = BaseContent;
        StoredBytes = ShardWriter.Write(
            stored, IdentityOf(state, baseState), state, baseState, preset, CancellationToken.None, parallel: 1).StoredBytes;
    }

    /// <summary>The base is in memory already, as it is for a saver; what is timed is the decoding of this one object.</summary>
    public void Decode(MemoryTensors destination, MemoryTensors? baseState)
    {
        using var reader = ShardReader.Open(stored.Reader(), "memory");
        ShardLoader.Load(reader, baseState, destination, CancellationToken.None, parallel: 1);
    }

    /// <summary>Sums what the index says; not part of any timing.</summary>
    public void Account()
    {
        using var reader = ShardReader.Open(stored.Reader(), "memory");
        perTensor = new long[reader.Tensors.Count];
        for (var chunk = 0; chunk < reader.ChunkCount; chunk++)
            perTensor[reader.Entry(chunk).Tensor] += reader.Entry(chunk).StoredBytes;
    }

    static ShardIdentity IdentityOf(MemoryTensors state, MemoryTensors? baseState)
    {
        var world = WorldSize.From(1);
        var link = baseState is null
            ? null
            : new BaseShard(new CheckpointId(Run, Generation.From(1), new Step(1)), BaseContent, baseState.ShardRoot!.Value);
        var shard = new ShardId(new CheckpointId(Run, Generation.From(1), new Step(2)), Rank.From(0));
        return new ShardIdentity(shard, world, LayoutDigest.Of(world, state.Tensors), link);
    }

    public void Dispose() => stored.Dispose();
}
