using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Capture;

/// <summary>
/// SHA-256 over a rank's canonical state: for each tensor in layout order its name, element type, global shape, offsets and sizes, each
/// preceded by its length as a little-endian 64-bit number, then the length of its raw bytes and the bytes. Equal digests mean equal
/// state, bit for bit.
/// </summary>
public static class StateDigest
{
    const int PieceBytes = 1 << 18;

    public static ContentHash Of(IRankState state) => Of(state.Layout, state.Read);

    /// <param name="read">Copies raw bytes of a tensor out, as <see cref="IRankState.Read"/> does.</param>
    public static ContentHash Of(IReadOnlyList<TensorSpec> layout, ReadTensor read)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        for (var tensor = 0; tensor < layout.Count; tensor++)
        {
            Append(hash, layout[tensor]);
            var bytes = layout[tensor].Bytes;
            Append(hash, bytes);
            for (var offset = 0L; offset < bytes; offset += PieceBytes)
            {
                var span = piece.AsSpan(0, (int)Math.Min(PieceBytes, bytes - offset));
                read(tensor, offset, span);
                hash.AppendData(span);
            }
        }

        ArrayPool<byte>.Shared.Return(piece);
        return ContentHash.FromDigest(hash.GetHashAndReset());
    }

    static void Append(IncrementalHash hash, TensorSpec tensor)
    {
        Append(hash, tensor.Name);
        Append(hash, tensor.Dtype.ToString());
        foreach (var dimensions in (IReadOnlyList<long>[])[tensor.GlobalShape, tensor.Offsets, tensor.Sizes])
        {
            Append(hash, dimensions.Count);
            foreach (var dimension in dimensions) Append(hash, dimension);
        }
    }

    static void Append(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Append(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    static void Append(IncrementalHash hash, long number)
    {
        Span<byte> word = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(word, number);
        hash.AppendData(word);
    }
}

/// <summary>Copies raw little-endian bytes of one tensor out.</summary>
public delegate void ReadTensor(int tensor, long byteOffset, Span<byte> destination);
