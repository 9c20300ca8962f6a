using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>Copies raw bytes of one tensor out.</summary>
delegate void ReadPlain(int tensor, long byteOffset, Span<byte> destination);

/// <summary>
/// The judge's own digest of a rank's state, over what a trainer holds as well as over what stored bytes decode to: for each tensor in
/// order its name, element type, three lists of dimensions and its bytes, each preceded by its length (u64). Slow and plain.
/// </summary>
static class PlainState
{
    const int PieceBytes = 1 << 16;

    public static ContentHash Digest(IReadOnlyList<TensorSpec> layout, ReadPlain read)
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var piece = new byte[PieceBytes];
        for (var tensor = 0; tensor < layout.Count; tensor++)
        {
            var spec = layout[tensor];
            Text(sum, spec.Name);
            Text(sum, spec.Dtype.ToString());
            Numbers(sum, spec.GlobalShape);
            Numbers(sum, spec.Offsets);
            Numbers(sum, spec.Sizes);
            Number(sum, spec.Bytes);
            for (var at = 0L; at < spec.Bytes; at += PieceBytes)
            {
                var part = piece.AsSpan(0, (int)Math.Min(PieceBytes, spec.Bytes - at));
                read(tensor, at, part);
                sum.AppendData(part);
            }
        }

        return ContentHash.FromDigest(sum.GetHashAndReset());
    }

    static void Text(IncrementalHash sum, string text)
    {
        Number(sum, Encoding.UTF8.GetByteCount(text));
        sum.AppendData(Encoding.UTF8.GetBytes(text));
    }

    static void Numbers(IncrementalHash sum, IReadOnlyList<long> numbers)
    {
        Number(sum, numbers.Count);
        foreach (var number in numbers) Number(sum, number);
    }

    static void Number(IncrementalHash sum, long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        sum.AppendData(bytes);
    }
}
