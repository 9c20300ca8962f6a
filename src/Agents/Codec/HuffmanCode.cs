
namespace Lineage.Agents.Codec;

/// <summary>
/// A prefix code of at most eleven bits: lengths from a histogram, the canonical code from the lengths, and the lengths as bytes.
/// Source: Huffman (1952) by the two queues of van Leeuwen (1976); too long codes are cut and the Kraft sum mended.
/// </summary>
sealed class HuffmanCode
{
    public const int BitsMax = 11;
    public const int TableSize = 1 << BitsMax;

    /// <summary>First and last symbol, and half a byte for each between.</summary>
    public const int HeaderBytesMax = 2 + 128;

    const int Symbols = 256;

    readonly byte[] lengths = new byte[Symbols];
    readonly ulong[] sorted = new ulong[Symbols];
    readonly long[] weights = new long[2 * Symbols];
    readonly int[] parents = new int[2 * Symbols];

    /// <param name="histogram">At least two symbols occur.</param>
    /// <param name="header">Receives the lengths as they are stored.</param>
    /// <returns>Bytes of the header.</returns>
    public int Build(ReadOnlySpan<int> histogram, Span<byte> header)
    {
        var count = 0;
        for (var symbol = 0; symbol < Symbols; symbol++)
            if (histogram[symbol] > 0) sorted[count++] = ((ulong)histogram[symbol] << 8) | (uint)symbol;
        if (count < 2) throw new ArgumentException($"A code needs two symbols, got {count}.", nameof(histogram));
        Array.Sort(sorted, 0, count);
        Array.Clear(lengths);
        Merge(count);
        Mend(count);
        return Write(header);
    }

    /// <summary>Depths of the optimal tree; node i is the i-th rarest symbol, the nodes above follow.</summary>
    void Merge(int count)
    {
        for (var i = 0; i < count; i++) weights[i] = (long)(sorted[i] >> 8);
        var (leaf, node) = (0, count);
        for (var next = count; next < (2 * count) - 1; next++)
        {
            weights[next] = 0;
            for (var child = 0; child < 2; child++)
            {
                var lightest = node < next && (leaf == count || weights[node] < weights[leaf]) ? node++ : leaf++;
                weights[next] += weights[lightest];
                parents[lightest] = next;
            }
        }

        var root = (2 * count) - 2;
        weights[root] = 0;   // from here on the depth
        for (var i = root - 1; i >= 0; i--)
        {
            weights[i] = weights[parents[i]] + 1;
            if (i < count) lengths[(int)(sorted[i] & 0xFF)] = (byte)Math.Min(weights[i], BitsMax);
        }
    }

    /// <summary>Cutting made the code too full: rare symbols get longer codes until it fits, then the room left is given back.</summary>
    void Mend(int count)
    {
        var full = 0;
        for (var i = 0; i < count; i++) full += Share(lengths[(int)(sorted[i] & 0xFF)]);
        for (var i = 0; full > TableSize; i = (i + 1) % count)
        {
            ref var length = ref lengths[(int)(sorted[i] & 0xFF)];
            if (length == BitsMax) continue;
            full -= Share(length) - Share(++length);
        }

        for (var i = count - 1; full < TableSize; i = i == 0 ? count - 1 : i - 1)
        {
            ref var length = ref lengths[(int)(sorted[i] & 0xFF)];
            while (length > 1 && full + Share(length) <= TableSize) full += Share(length--);
        }
    }

    /// <summary>How much of the table a code of that length takes.</summary>
    static int Share(int length) => TableSize >> length;

    int Write(Span<byte> header)
    {
        var first = lengths.AsSpan().IndexOfAnyExcept((byte)0);
        var last = lengths.AsSpan().LastIndexOfAnyExcept((byte)0);
        (header[0], header[1]) = ((byte)first, (byte)last);
        var bytes = (last - first + 2) / 2;
        for (var i = 0; i < bytes; i++)
        {
            var low = first + (2 * i);
            header[2 + i] = (byte)(lengths[low] | (low < last ? lengths[low + 1] << 4 : 0));
        }

        return 2 + bytes;
    }

    /// <summary>Null if the lengths make a complete code; otherwise what is wrong with them.</summary>
    public string? Read(ReadOnlySpan<byte> header, out int read)
    {
        read = 0;
        if (header.Length < 2) return "the Huffman code is cut off";
        int first = header[0], last = header[1];
        var bytes = (last - first + 2) / 2;
        if (last <= first || header.Length < 2 + bytes) return $"the Huffman code of symbols {first}-{last} is cut off or empty";
        Array.Clear(lengths);
        var full = 0;
        for (var symbol = first; symbol <= last; symbol++)
        {
            var length = (header[2 + ((symbol - first) / 2)] >> (4 * ((symbol - first) & 1))) & 0xF;
            if (length > BitsMax) return $"symbol {symbol} has a Huffman code of {length} bits; at most {BitsMax} are allowed";
            lengths[symbol] = (byte)length;
            if (length > 0) full += Share(length);
        }

        read = 2 + bytes;
        return full == TableSize ? null : $"the Huffman code fills {full} of {TableSize} places";
    }

    /// <summary>Per symbol its code, first bit lowest, and its length above bit 16.</summary>
    public void FillEncoder(Span<uint> codes) => Assign(codes, static (codes, symbol, code, length) =>
        codes[symbol] = Reverse(code, length) | ((uint)length << 16));

    /// <summary>Per eleven bits the symbol that they begin with, and below it the length of its code.</summary>
    public void FillDecoder(Span<ushort> table) => Assign(table, static (table, symbol, code, length) =>
    {
        var entry = (ushort)((symbol << 8) | length);
        for (var at = (int)Reverse(code, length); at < TableSize; at += 1 << length) table[at] = entry;
    });

    /// <summary>Per eleven bits the one or two symbols that they hold whole: symbols in the lower half, above it how many, above that the
    /// length of their codes.</summary>
    public static void FillPairs(ReadOnlySpan<ushort> table, Span<uint> pairs)
    {
        for (var bits = 0; bits < pairs.Length; bits++)
        {
            uint first = table[bits], length = first & 0xFF;
            uint second = table[bits >> (int)length], both = length + (second & 0xFF);
            pairs[bits] = both <= BitsMax
                ? (first >> 8) | (second & 0xFF00) | (2 << 16) | (both << 24)
                : (first >> 8) | (1 << 16) | (length << 24);
        }
    }

    /// <summary>Canonical: shorter codes first, among equals the lower symbol.</summary>
    void Assign<T>(Span<T> target, AssignCode<T> assign)
    {
        Span<int> next = stackalloc int[BitsMax + 2];
        next.Clear();
        foreach (var length in lengths)
            if (length > 0) next[length + 1]++;
        for (var length = 1; length <= BitsMax; length++) next[length + 1] = (next[length] + next[length + 1]) << 1;
        for (var symbol = 0; symbol < Symbols; symbol++)
            if (lengths[symbol] is > 0 and var length) assign(target, symbol, (uint)next[length]++, length);
    }

    static uint Reverse(uint code, int length)
    {
        var reversed = 0U;
        for (var i = 0; i < length; i++) reversed |= ((code >> i) & 1) << (length - 1 - i);
        return reversed;
    }

    delegate void AssignCode<T>(Span<T> target, int symbol, uint code, int length);
}
