using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Lineage.Agents.Codec;

/// <summary>
/// Huffman coding of bytes in four streams that decode side by side (docs/FORMAT.md, section 3.4), so that the processor has four
/// look-ups under way at once; after Huff0 (Collet, Finite State Entropy) and "Reading bits in far too many ways" (Giesen, 2018).
/// Not thread safe.
/// </summary>
sealed class Huffman
{
    const int Streams = 4, SizesBytes = 4 * (Streams - 1), Round = 5;
    const ulong Mask = HuffmanCode.TableSize - 1;

    /// <summary>What an encoder may write behind what it has written.</summary>
    public const int Slack = 8;

    readonly uint[] codes = new uint[256];
    readonly ushort[] table = new ushort[HuffmanCode.TableSize];
    readonly HuffmanCode code = new();

    /// <summary>Bytes that coding takes at most, slack included.</summary>
    public static int Bound(int symbols) => (int)((long)symbols * HuffmanCode.BitsMax / 8) + HuffmanCode.HeaderBytesMax + SizesBytes
        + (Streams * (Slack + 1));

    /// <param name="histogram">Of the symbols; at least two differ.</param>
    /// <param name="destination">At least <see cref="Bound"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public int Encode(ReadOnlySpan<byte> symbols, ReadOnlySpan<int> histogram, Span<byte> destination)
    {
        var at = code.Build(histogram, destination);
        code.FillEncoder(codes);
        var sizes = destination.Slice(at, SizesBytes);
        at += SizesBytes;
        var quarter = Quarter(symbols.Length);
        for (var stream = 0; stream < Streams; stream++)
        {
            var from = Math.Min(stream * quarter, symbols.Length);
            var written = EncodeStream(symbols[from..Math.Min(from + quarter, symbols.Length)], destination[at..]);
            if (stream < Streams - 1) BinaryPrimitives.WriteInt32LittleEndian(sizes[(4 * stream)..], written);
            at += written;
        }

        return at;
    }

    int EncodeStream(ReadOnlySpan<byte> symbols, Span<byte> destination)
    {
        if (destination.Length < ((long)symbols.Length * HuffmanCode.BitsMax / 8) + 1 + Slack)
            throw new ArgumentException($"{destination.Length:N0} bytes are too few for {symbols.Length:N0} symbols.", nameof(destination));
        ref var target = ref MemoryMarshal.GetReference(destination);
        ref var entry = ref MemoryMarshal.GetArrayDataReference(codes);
        ref var symbol = ref MemoryMarshal.GetReference(symbols);
        var (at, held, bits, i) = ((nint)0, 0, 0UL, (nint)0);
        for (; i <= symbols.Length - 4; i += 4)
        {
            // Seven bits left over and four codes of at most eleven fit into 64.
            Append(Unsafe.Add(ref entry, Unsafe.Add(ref symbol, i)), ref bits, ref held);
            Append(Unsafe.Add(ref entry, Unsafe.Add(ref symbol, i + 1)), ref bits, ref held);
            Append(Unsafe.Add(ref entry, Unsafe.Add(ref symbol, i + 2)), ref bits, ref held);
            Append(Unsafe.Add(ref entry, Unsafe.Add(ref symbol, i + 3)), ref bits, ref held);
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref target, at), bits);
            at = unchecked(at + (held >> 3));
            bits >>= held & 0x38;
            held &= 7;
        }

        for (; i < symbols.Length; i++) Append(Unsafe.Add(ref entry, Unsafe.Add(ref symbol, i)), ref bits, ref held);
        Unsafe.WriteUnaligned(ref Unsafe.Add(ref target, at), bits);
        return (int)at + ((held + 7) / 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Append(uint entry, ref ulong bits, ref int held)
    {
        bits |= (ulong)(entry & 0xFFFF) << held;
        held = unchecked(held + (int)(entry >> 16));
    }

    /// <summary>Null if the symbols were decoded from exactly these bytes; otherwise what is wrong with them.</summary>
    public string? Decode(ReadOnlySpan<byte> source, Span<byte> symbols)
    {
        if (code.Read(source, out var at) is { } objection) return objection;
        code.FillDecoder(table);
        if (source.Length - at < SizesBytes) return "the sizes of the Huffman streams are cut off";
        var sizes = source.Slice(at, SizesBytes);
        at += SizesBytes;
        var reader = default(Readers);
        for (var stream = 0; stream < Streams; stream++)
        {
            var left = source.Length - at;
            var size = stream < Streams - 1 ? BinaryPrimitives.ReadUInt32LittleEndian(sizes[(4 * stream)..]) : (uint)left;
            if (size > left) return $"Huffman stream {stream} is said to take {size:N0} of {left:N0} bytes";
            reader[stream] = new BitReader(at, at + (int)size);
            at += (int)size;
        }

        return DecodeStreams(source, symbols, ref reader);
    }

    string? DecodeStreams(ReadOnlySpan<byte> source, Span<byte> symbols, ref Readers readers)
    {
        var quarter = Quarter(symbols.Length);
        var done = DecodeTogether(source, symbols, quarter, ref readers);
        for (var stream = 0; stream < Streams; stream++)
        {
            var (from, to) = (Math.Min(stream * quarter, symbols.Length), Math.Min((stream + 1) * quarter, symbols.Length));
            ref var reader = ref readers[stream];
            for (var i = Math.Min(from + done, to); i < to; i++)
            {
                var entry = table[(int)(reader.Careful(source) & Mask)];
                symbols[i] = (byte)(entry >> 8);
                reader.Position += entry & 0xFF;
            }

            if (!reader.IsAtEnd) return $"Huffman stream {stream} does not end with its last symbol";
        }

        return null;
    }

    /// <summary>Five symbols of each stream a round, as long as no stream can run past its end and all quarters have that many.</summary>
    /// <returns>Symbols decoded per stream.</returns>
    int DecodeTogether(ReadOnlySpan<byte> source, Span<byte> symbols, int quarter, ref Readers readers)
    {
        ref var bytes = ref MemoryMarshal.GetReference(source);
        ref var entry = ref MemoryMarshal.GetArrayDataReference(table);
        ref var first = ref MemoryMarshal.GetReference(symbols);
        ref var second = ref Unsafe.Add(ref first, (nint)quarter);
        ref var third = ref Unsafe.Add(ref second, (nint)quarter);
        ref var fourth = ref Unsafe.Add(ref third, (nint)quarter);
        var (done, last) = ((nint)0, (nint)symbols.Length - (3 * quarter));
        var (a, b, c, d) = (readers[0].Position, readers[1].Position, readers[2].Position, readers[3].Position);
        while (true)
        {
            var upper = Math.Min(readers[0].Rounds(a), readers[1].Rounds(b));
            var lower = Math.Min(readers[2].Rounds(c), readers[3].Rounds(d));
            var rounds = Math.Min(Math.Min(upper, lower), (last - done) / Round);
            if (rounds <= 0) break;
            for (var end = done + (rounds * Round); done < end;)
            {
                // Eight bytes from a bit on hold 57 bits at least, five codes take 55 at most.
                var (wa, wb, wc, wd) = (Word(ref bytes, a), Word(ref bytes, b), Word(ref bytes, c), Word(ref bytes, d));
                for (var next = done + Round; done < next; done = unchecked(done + 1))
                {
                    Unsafe.Add(ref first, done) = Next(ref entry, ref wa, ref a);
                    Unsafe.Add(ref second, done) = Next(ref entry, ref wb, ref b);
                    Unsafe.Add(ref third, done) = Next(ref entry, ref wc, ref c);
                    Unsafe.Add(ref fourth, done) = Next(ref entry, ref wd, ref d);
                }
            }
        }

        (readers[0].Position, readers[1].Position, readers[2].Position, readers[3].Position) = (a, b, c, d);
        return (int)done;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Word(ref byte source, nint position) =>
        Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref source, position >> 3)) >> (int)(position & 7);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static byte Next(ref ushort table, ref ulong word, ref nint position)
    {
        uint entry = Unsafe.Add(ref table, (nint)(word & Mask));
        word >>= (int)entry & 0x3F;
        position = unchecked(position + (nint)(entry & 0xFF));
        return unchecked((byte)(entry >> 8));
    }

    static int Quarter(int symbols) => (symbols + Streams - 1) / Streams;

    [InlineArray(Streams)]
    struct Readers
    {
        BitReader first;
    }

    /// <summary>One stream, lowest bit first; positions count bits from the first byte of the source.</summary>
    [StructLayout(LayoutKind.Auto)]
    struct BitReader(int start, int end)
    {
        public nint Position = (nint)start * 8;
        readonly nint end = end;

        /// <summary>Rounds of five symbols, of 55 bits at most, that read nothing behind the stream.</summary>
        public readonly nint Rounds(nint position) => (((end - 8) * 8) - position) / (Round * HuffmanCode.BitsMax);

        /// <summary>The last symbol ended in the last byte, and what is left of that is zero.</summary>
        public readonly bool IsAtEnd => (Position + 7) / 8 == end;

        /// <summary>The next two bytes' bits; behind the end come zeros.</summary>
        public readonly ulong Careful(ReadOnlySpan<byte> source)
        {
            var word = 0UL;
            for (nint i = 0, at = Position >> 3; i < 3 && at + i < end; i++) word |= (ulong)source[(int)(at + i)] << (int)(8 * i);
            return word >> (int)(Position & 7);
        }
    }
}
