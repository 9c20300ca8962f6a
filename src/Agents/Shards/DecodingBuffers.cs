using Lineage.Agents.Codec;

namespace Lineage.Agents.Shards;

/// <summary>What decoding chunks takes beside the place where they end up, kept from load to load. Not thread safe.</summary>
sealed class DecodingBuffers : IDisposable
{
    const long IdleBytesMax = 128 << 20;
    static readonly Pool<DecodingBuffers> Idle = new(static () => new DecodingBuffers(), static held => held.HeldBytes, IdleBytesMax);

    readonly List<byte[]> sources = [];
    byte[] stored = [];

    DecodingBuffers() { }

    public ChunkCodec Codec { get; } = new();

    long HeldBytes => Codec.HeldBytes + stored.Length + sources.Sum(static source => (long)source.Length);

    public static DecodingBuffers Rent() => Idle.Rent();

    public static void Return(DecodingBuffers buffers) => Idle.Return(buffers);

    /// <summary>For one chunk as it is stored.</summary>
    public Span<byte> Stored(int length)
    {
        if (stored.Length < length) stored = new byte[length];
        return stored;
    }

    /// <summary>For a chunk that another is derived from.</summary>
    /// <param name="depth">Chunks above it that wait for theirs; at most one more than ever before.</param>
    public Span<byte> Source(int depth, int length)
    {
        if (sources.Count == depth) sources.Add([]);
        if (sources[depth].Length < length) sources[depth] = new byte[length];
        return sources[depth].AsSpan(0, length);
    }

    public void Dispose() => Codec.Dispose();
}
