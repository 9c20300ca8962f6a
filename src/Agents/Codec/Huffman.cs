using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Lineage.Agents.Codec;

/// <summary>
/// Huffman coding of bytes in four streams that decode side by side (docs/FORMAT.md, section 3.4), so that the processor has four
/// look-ups under way at once, and two symbols a look-up where their codes are short; after Huff0 (Collet, Finite State Entropy) and
/// "Reading bits in far too many ways" (Giesen, 2018). Not thread safe.
/// </summary>
sealed class Huffman
{
    const int Streams = 4, SizesBytes = 4 * (Streams - 1), Round = 5;
    const ulong Mask = HuffmanCode.TableSize - 1;

    /// <summary>What an encoder may write behind what it has written.</summary>
    public const int Slack = 8;

    readonly uint[] codes = new uint[256];
    readonly ushort[] table = new ushort[HuffmanCode.TableSize];
    readonly uint[] pairs = new uint[HuffmanCode.TableSize];
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
        HuffmanCode.FillPairs(table, pairs);
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
        for (var stream = 0; stream < Streams; stream++)
        {
            readers[stream].Target = Math.Min(stream * quarter, symbols.Length);
            readers[stream].TargetEnd = Math.Min((stream + 1) * quarter, symbols.Length);
        }

        DecodeTogether(source, symbols, ref readers);
        for (var stream = 0; stream < Streams; stream++)
        {
            ref var reader = ref readers[stream];
            for (; reader.Target < reader.TargetEnd; reader.Target++)
            {
                var entry = table[(int)(reader.Careful(source) & Mask)];
                symbols[(int)reader.Target] = (byte)(entry >> 8);
                reader.Position += entry & 0xFF;
            }

            if (!reader.IsAtEnd) return $"Huffman stream {stream} does not end with its last symbol";
        }

        return null;
    }

    /// <summary>Five look-ups of each stream a round, a symbol or two each, as long as no stream can run past its end or its part of the
    /// symbols.</summary>
    void DecodeTogether(ReadOnlySpan<byte> source, Span<byte> symbols, ref Readers readers)
    {
        ref var bytes = ref MemoryMarshal.GetReference(source);
        ref var pair = ref MemoryMarshal.GetArrayDataReference(pairs);
        ref var target = ref MemoryMarshal.GetReference(symbols);
        var (a, b, c, d) = (readers[0].Position, readers[1].Position, readers[2].Position, readers[3].Position);
        var (ta, tb, tc, td) = (readers[0].Target, readers[1].Target, readers[2].Target, readers[3].Target);
        while (true)
        {
            var upper = Math.Min(readers[0].Rounds(a, ta), readers[1].Rounds(b, tb));
            var rounds = Math.Min(upper, Math.Min(readers[2].Rounds(c, tc), readers[3].Rounds(d, td)));
            if (rounds <= 0) break;
            for (; rounds > 0; rounds--)
            {
                // Eight bytes from a bit on hold 57 bits at least, five look-ups take 55 at most.
                var (wa, wb, wc, wd) = (Word(ref bytes, a), Word(ref bytes, b), Word(ref bytes, c), Word(ref bytes, d));
                for (var i = 0; i < Round; i++)
                {
                    Next(ref pair, ref wa, ref a, ref target, ref ta);
                    Next(ref pair, ref wb, ref b, ref target, ref tb);
                    Next(ref pair, ref wc, ref c, ref target, ref tc);
                    Next(ref pair, ref wd, ref d, ref target, ref td);
                }
            }
        }

        (readers[0].Position, readers[1].Position, readers[2].Position, readers[3].Position) = (a, b, c, d);
        (readers[0].Target, readers[1].Target, readers[2].Target, readers[3].Target) = (ta, tb, tc, td);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Word(ref byte source, nint position) =>
        Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref source, position >> 3)) >> (int)(position & 7);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Next(ref uint pair, ref ulong word, ref nint position, ref byte target, ref nint at)
    {
        var entry = Unsafe.Add(ref pair, (nint)(word & Mask));
        Unsafe.WriteUnaligned(ref Unsafe.Add(ref target, at), unchecked((ushort)entry));
        var length = entry >> 24;
        word >>= (int)length;
        position = unchecked(position + (nint)length);
        at = unchecked(at + (nint)((entry >> 16) & 0xFF));
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

        /// <summary>Where the next symbol goes, and where the stream's symbols end.</summary>
        public nint Target, TargetEnd;

        /// <summary>Rounds of five look-ups, of 55 bits and ten symbols at most, that neither read nor write behind the stream's.</summary>
        public readonly nint Rounds(nint position, nint target) =>
            Math.Min((((end - 8) * 8) - position) / (Round * HuffmanCode.BitsMax), (TargetEnd - target) / (2 * Round));

        /// <summary>The last symbol ended in the last byte; what is left of that is not looked at.</summary>
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
