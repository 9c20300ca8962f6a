using System.Buffers.Binary;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>Symbol sections (docs/FORMAT.md, section 3.4), bit by bit as the text says.</summary>
static class PlainSymbols
{
    const int LengthMax = 11, Streams = 4;

    /// <param name="count">Symbols that the section holds.</param>
    /// <exception cref="InvalidDataException">The bytes are no such section.</exception>
    public static byte[] Read(ReadOnlySpan<byte> section, int count)
    {
        if (section.IsEmpty) throw Refused("it is empty");
        var body = section[1..];
        switch (section[0])
        {
            case 0 when body.Length == count: return body.ToArray();
            case 1 when body.Length == 1:
                var same = new byte[count];
                same.AsSpan().Fill(body[0]);
                return same;
            case 2: return Huffman(body, count);
            default: throw Refused($"kind {section[0]} with {body.Length} B for {count} symbols");
        }
    }

    static byte[] Huffman(ReadOnlySpan<byte> body, int count)
    {
        if (body.Length < 2 || body[0] >= body[1]) throw Refused("there is no code");
        var (first, last) = (body[0], body[1]);
        var at = 2 + ((last - first + 2) / 2);
        if (body.Length < at + 12) throw Refused("the code is cut off");
        var code = new Code(body[2..at], first, last);
        var symbols = new byte[count];
        var (share, begin) = ((count + Streams - 1) / Streams, at + 12);
        for (var stream = 0; stream < Streams; stream++)
        {
            var end = stream == Streams - 1 ? body.Length
                : begin + (long)BinaryPrimitives.ReadUInt32LittleEndian(body[(at + (4 * stream))..]);
            if (end > body.Length) throw Refused("a stream is cut off");
            var (from, to) = (Math.Min(stream * share, count), Math.Min((stream + 1) * share, count));
            code.Read(body[begin..(int)end], symbols.AsSpan(from, to - from));
            begin = (int)end;
        }

        return symbols;
    }

    static InvalidDataException Refused(string why) => new($"a symbol section cannot be read: {why}");

    /// <summary>A canonical code: of each length the first code and the symbols in order (RFC 1951, section 3.2.2).</summary>
    sealed class Code
    {
        readonly List<byte>[] symbols = [.. Enumerable.Range(0, LengthMax + 1).Select(static _ => new List<byte>())];

        public Code(ReadOnlySpan<byte> halves, int first, int last)
        {
            var full = 0;
            for (var symbol = first; symbol <= last; symbol++)
            {
                var length = (halves[(symbol - first) / 2] >> (4 * ((symbol - first) % 2))) & 15;
                if (length > LengthMax) throw Refused("a code is too long");
                if (length == 0) continue;
                symbols[length].Add((byte)symbol);
                full += 1 << (LengthMax - length);
            }

            if (full != 1 << LengthMax) throw Refused("the code is not complete");
        }

        public void Read(ReadOnlySpan<byte> stream, Span<byte> into)
        {
            var position = 0;
            for (var i = 0; i < into.Length; i++)
            {
                var (code, first) = (0, 0);
                for (var length = 1; ; length++)
                {
                    if (length > LengthMax || position >= 8 * stream.Length) throw Refused("a stream ends too early");
                    code |= (stream[position >> 3] >> (position & 7)) & 1;
                    position++;
                    if (code - first < symbols[length].Count)
                    {
                        into[i] = symbols[length][code - first];
                        break;
                    }

                    first = (first + symbols[length].Count) << 1;
                    code <<= 1;
                }
            }

            if ((position + 7) / 8 != stream.Length) throw Refused("a stream goes on behind its last symbol");
        }
    }
}
