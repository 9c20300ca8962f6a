using System.Buffers.Binary;

namespace Lineage.Fuzz.Mutations;

/// <summary>Edits that know nothing of the format: bits, bytes, integers, blocks.</summary>
static class ByteEdits
{
    /// <summary>Where sizes, counts and signs go wrong.</summary>
    public static readonly ulong[] Integers =
    [
        0, 1, 2, 3, 7, 8, 9, 63, 64, 65, 127, 128, 255, 256, 4_095, 4_096, 32_767, 32_768, 65_535, 65_536, 262_144, 262_145, 1_048_576,
        1_048_577, 67_108_864, 100_000_000, 100_000_001, int.MaxValue, 1UL << 31, uint.MaxValue, 1UL << 32, (1UL << 53) - 1, 1UL << 53,
        1UL << 56, long.MaxValue, 1UL << 63, ulong.MaxValue - 7, ulong.MaxValue,
    ];

    /// <summary>One edit, anywhere.</summary>
    /// <param name="other">Another input, for splices.</param>
    public static void Apply(Draft draft, Random random, ReadOnlySpan<byte> other)
    {
        if (draft.Length == 0)
        {
            draft.Replace(0, 0, Some(other, random));
            return;
        }

        var at = random.Next(draft.Length);
        switch (random.Next(10))
        {
            case 0: draft.Span[at] ^= (byte)(1 << random.Next(8)); break;
            case 1: draft.Span[at] = (byte)random.Next(256); break;
            case 2: draft.Span[at] = (byte)Integers[random.Next(13)]; break;
            case 3: Integer(draft.Span, at, 1 << random.Next(1, 4), random); break;
            case 4: CopyBlock(draft, random, at); break;
            case 5: draft.Replace(at, 0, Some(draft.ToArray(), random)); break;
            case 6: draft.Replace(at, Math.Min(random.Next(1, 33), draft.Length - at), []); break;
            case 7: SwapBlocks(draft, random, at); break;
            case 8: draft.Cut(random.Next(4) == 0 ? at : Math.Max(0, draft.Length - random.Next(1, 9))); break;
            default: Splice(draft, random, at, other); break;
        }
    }

    /// <summary>Sets an integer of so many bytes to something interesting, or moves it a little.</summary>
    public static void Integer(Span<byte> bytes, int at, int width, Random random)
    {
        width = Math.Min(width, bytes.Length - at);
        Span<byte> eight = stackalloc byte[8];
        eight.Clear();
        bytes.Slice(at, width).CopyTo(eight);
        var value = BinaryPrimitives.ReadUInt64LittleEndian(eight);
        value = random.Next(4) switch
        {
            0 => unchecked(value + (ulong)(long)random.Next(-9, 10)),
            1 => unchecked((ulong)random.NextInt64()),
            _ => Integers[random.Next(Integers.Length)],
        };
        BinaryPrimitives.WriteUInt64LittleEndian(eight, value);
        eight[..width].CopyTo(bytes[at..]);
    }

    static ReadOnlySpan<byte> Some(ReadOnlySpan<byte> from, Random random)
    {
        if (from.IsEmpty) return "\0\0\0\0\0\0\0\0"u8;
        var at = random.Next(from.Length);
        return from.Slice(at, Math.Min(random.Next(1, 65), from.Length - at));
    }

    static void CopyBlock(Draft draft, Random random, int at)
    {
        var from = random.Next(draft.Length);
        var count = Math.Min(random.Next(1, 65), draft.Length - Math.Max(at, from));
        draft.Span.Slice(from, count).CopyTo(draft.Span[at..]);
    }

    static void SwapBlocks(Draft draft, Random random, int at)
    {
        var from = random.Next(draft.Length);
        var count = Math.Min(random.Next(1, 33), draft.Length - Math.Max(at, from));
        for (var i = 0; i < count; i++) (draft.Span[at + i], draft.Span[from + i]) = (draft.Span[from + i], draft.Span[at + i]);
    }

    static void Splice(Draft draft, Random random, int at, ReadOnlySpan<byte> other)
    {
        if (other.IsEmpty) return;
        var from = random.Next(3) == 0 ? random.Next(other.Length) : Math.Min(at, other.Length - 1);
        draft.Replace(at, draft.Length - at, other[from..]);
    }
}
