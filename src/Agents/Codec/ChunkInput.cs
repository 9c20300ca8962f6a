namespace Lineage.Agents.Codec;

/// <summary>What the tensor beside a chunk is to it.</summary>
public enum ChunkSource { None, Master, SecondMoment }

/// <summary>A chunk and what may be known besides when it is encoded or decoded.</summary>
public readonly ref struct ChunkInput
{
    public required ElementKind Kind { get; init; }

    /// <summary>Not empty.</summary>
    public required ReadOnlySpan<byte> Raw { get; init; }

    /// <summary>The same elements of the base; empty when there is none.</summary>
    public ReadOnlySpan<byte> Base { get; init; }

    /// <summary>The same elements of the tensor that <see cref="SourceIs"/> names, in the same state.</summary>
    public ReadOnlySpan<byte> Source { get; init; }

    public ChunkSource SourceIs { get; init; }

    /// <summary>Elements of a row, for tensors of at least two dimensions; 0 if the codec is not to care. For encoding only.</summary>
    public int RowElements { get; init; }

    /// <summary>An earlier chunk with the same raw bytes; null if none is known. For encoding only: decoding gets its bytes as the
    /// source.</summary>
    public RepeatedChunk? RepeatOf { get; init; }
}
