using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Lineage.Agents.Codec;

/// <summary>A run of bytes in the cheapest of three forms (docs/FORMAT.md, section 3.4): as they are, one byte repeated, Huffman codes. Not
/// thread safe.</summary>
sealed class SymbolSection
{
    const byte Raw = 0, Constant = 1, Coded = 2;
    readonly Huffman huffman = new();
    readonly int[] histogram = new int[4 * 256];

    /// <summary>Room that <see cref="Encode"/> needs.</summary>
    public static int Bound(int symbols) => 1 + Huffman.Bound(symbols);

    /// <param name="destination">At least <see cref="Bound"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public int Encode(ReadOnlySpan<byte> symbols, Span<byte> destination)
    {
        var distinct = Count(symbols);
        if (symbols.IsEmpty || distinct == 1)
        {
            destination[0] = symbols.IsEmpty ? Raw : Constant;
            if (!symbols.IsEmpty) destination[1] = symbols[0];
            return symbols.IsEmpty ? 1 : 2;
        }

        destination[0] = Coded;
        var written = 1 + huffman.Encode(symbols, histogram.AsSpan(0, 256), destination[1..]);
        if (written <= symbols.Length) return written;
        destination[0] = Raw;
        symbols.CopyTo(destination[1..]);
        return 1 + symbols.Length;
    }

    /// <summary>Null if the symbols were decoded from exactly these bytes; otherwise what is wrong with them.</summary>
    public string? Decode(ReadOnlySpan<byte> source, Span<byte> symbols)
    {
        if (source.IsEmpty) return "a section of symbols is missing";
        switch (source[0])
        {
            case Raw when source.Length == 1 + symbols.Length:
                source[1..].CopyTo(symbols);
                return null;
            case Constant when source.Length == 2:
                symbols.Fill(source[1]);
                return null;
            case Coded:
                return huffman.Decode(source[1..], symbols);
            default:
                return $"a section of kind {source[0]} with {source.Length:N0} bytes makes no {symbols.Length:N0} symbols";
        }
    }

    /// <summary>Four histograms side by side, so that runs of one symbol do not wait for their own counter.</summary>
    int Count(ReadOnlySpan<byte> symbols)
    {
        Array.Clear(histogram);
        ref var count = ref MemoryMarshal.GetArrayDataReference(histogram);
        ref var symbol = ref MemoryMarshal.GetReference(symbols);
        nint i = 0;
        unchecked
        {
            for (; i <= symbols.Length - 8; i += 8)
            {
                var eight = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref symbol, i));
                Unsafe.Add(ref count, (nint)(eight & 0xFF))++;
                Unsafe.Add(ref count, 256 + (nint)((eight >> 8) & 0xFF))++;
                Unsafe.Add(ref count, 512 + (nint)((eight >> 16) & 0xFF))++;
                Unsafe.Add(ref count, 768 + (nint)((eight >> 24) & 0xFF))++;
                Unsafe.Add(ref count, (nint)((eight >> 32) & 0xFF))++;
                Unsafe.Add(ref count, 256 + (nint)((eight >> 40) & 0xFF))++;
                Unsafe.Add(ref count, 512 + (nint)((eight >> 48) & 0xFF))++;
                Unsafe.Add(ref count, 768 + (nint)(eight >> 56))++;
            }
        }

        for (; i < symbols.Length; i++) histogram[symbols[(int)i]]++;
        var distinct = 0;
        for (var value = 0; value < 256; value++)
        {
            histogram[value] += histogram[256 + value] + histogram[512 + value] + histogram[768 + value];
            if (histogram[value] > 0) distinct++;
        }

        return distinct;
    }
}
