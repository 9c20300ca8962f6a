using System.IO.Hashing;
using Lineage.Agents.Codec;
using Lineage.Agents.Shards;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Shards;

/// <summary>A capture of tests: one array per tensor.</summary>
sealed class MemoryTensors(IReadOnlyList<TensorSpec> tensors, byte[][] bytes, int hashedChunkElements = 0) : ITensorBytes
{
    /// <summary>Hashes taken when the capture was made, before anybody could touch it.</summary>
    readonly Dictionary<(int, long), ulong> hashes = hashedChunkElements == 0
        ? []
        : ChunkPlan.Of(tensors, hashedChunkElements).ToDictionary(
            static place => (place.Tensor, place.Ordinal),
            place => XxHash3.HashToUInt64(bytes[place.Tensor].AsSpan((int)place.ByteOffset, place.Length)));

    public IReadOnlyList<TensorSpec> Tensors => tensors;

    public byte[][] Bytes => bytes;

    public void Read(int tensor, long byteOffset, Span<byte> destination) =>
        bytes[tensor].AsSpan((int)byteOffset, destination.Length).CopyTo(destination);

    public ulong? HashAtCapture(int tensor, long ordinal) => hashes.TryGetValue((tensor, ordinal), out var hash) ? hash : null;
}

/// <summary>Writes and opens shards in memory.</summary>
static class Stored
{
    public static readonly WorldSize World = new(4);
    public static readonly ContentHash SomeManifest = ContentHash.Of("manifest"u8);

    public static ShardIdentity Identity(IReadOnlyList<TensorSpec> tensors, int step, BaseShard? link = null, int rank = 1) =>
        new(new ShardId(At(step), new Rank(rank)), World, LayoutDigest.Of(World, tensors), link);

    public static CheckpointId At(int step) => new(RunId.Parse("demo"), new Generation(3), new Step(step));

    public static (byte[] Object, ShardWritten Written) Full(
        ITensorBytes state, int step, int chunkElements, CodecPreset preset = CodecPreset.Default) =>
        Write(state, step, null, null, chunkElements, preset, parallel: 0);

    public static (byte[] Object, ShardWritten Written) Incremental(
        ITensorBytes state, int step, ITensorBytes baseState, int baseStep, ContentHash baseRoot, int chunkElements,
        CodecPreset preset = CodecPreset.Default) =>
        Write(state, step, baseState, new BaseShard(At(baseStep), SomeManifest, baseRoot), chunkElements, preset, parallel: 0);

    public static (byte[] Object, ShardWritten Written) Write(
        ITensorBytes state, int step, ITensorBytes? baseState, BaseShard? link, int chunkElements, CodecPreset preset, int parallel)
    {
        using var stream = new MemoryStream();
        var written = ShardWriter.Write(
            stream, Identity(state.Tensors, step, link), state, baseState, preset, CancellationToken.None, chunkElements, parallel);
        return (stream.ToArray(), written);
    }

    public static ShardReader Open(byte[] bytes, string name = "test.shard") =>
        ShardReader.Open(new MemoryStream(bytes, writable: false), name);

    /// <summary>Every tensor's bytes, read through the chain.</summary>
    public static byte[][] ReadAll(ITensorBytes source) =>
        [.. source.Tensors.Select((spec, index) =>
        {
            var bytes = new byte[spec.Bytes];
            source.Read(index, 0, bytes);
            return bytes;
        })];
}
