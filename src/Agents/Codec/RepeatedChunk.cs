using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Lineage.Agents.Codec;

/// <summary>An earlier chunk of the same shard that has the same raw bytes: <c>tensor u32 | 0 u32 | ordinal u64</c>.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct RepeatedChunk(int Tensor, long Ordinal)
{
    public const int Size = 16;

    public static int Write(RepeatedChunk chunk, Span<byte> destination)
    {
        BinaryPrimitives.WriteInt64LittleEndian(destination, chunk.Tensor);
        BinaryPrimitives.WriteInt64LittleEndian(destination[8..], chunk.Ordinal);
        return Size;
    }

    /// <summary>Null if these are no such bytes.</summary>
    public static RepeatedChunk? Read(ReadOnlySpan<byte> stored)
    {
        if (stored.Length != Size) return null;
        var (tensor, ordinal) = (BinaryPrimitives.ReadInt64LittleEndian(stored), BinaryPrimitives.ReadInt64LittleEndian(stored[8..]));
        return tensor is < 0 or > int.MaxValue || ordinal < 0 ? null : new RepeatedChunk((int)tensor, ordinal);
    }
}
