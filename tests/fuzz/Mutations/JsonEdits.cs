using System.Text;

namespace Lineage.Fuzz.Mutations;

/// <summary>Edits of a JSON text by its tokens, so that most results are JSON still and get past the parser.</summary>
sealed class JsonEdits
{
    /// <summary>Deeper than any reader goes, longer than any name may be.</summary>
    const int DepthMax = 600, LengthMax = 1_500;

    static readonly byte[][] Numbers =
    [
        .. ByteEdits.Integers.Select(static value => Encoding.ASCII.GetBytes($"{value}")),
        .. new[]
        {
            "-1", "-0", "0.0", "1.0", "1.5", "1e2", "1E+2", "1e-7", "1e400", "-1e400", "18446744073709551616", "-9223372036854775808",
            "9007199254740993", "0.1000000000000000055511151231257827", "123456789012345678901234567890123456789012345678901234567890",
            "00", "+1", "1.", ".5", "NaN", "Infinity",
        }.Select(Encoding.ASCII.GetBytes),
    ];

    static readonly byte[][] Values =
    [
        .. new[]
        {
            "null", "true", "false", "{}", "[]", "\"\"", "0", "[[]]", "{\"a\":{}}", "\"\\ud800\"", "\"\\u0000\"", "\"\\udc00\\ud800\"",
            "\"__metadata__\"", "\"data_offsets\"", "\"../x\"", "\"/x\"", "\"..\"", "\"U8\"", "\"F64\"", "\"F4\"", "\"F6_E3M2\"",
            "\"BF16\"", "\"F32\"", "\"opaque\"", "\"rng\"", "\"full\"", "\"incremental\"", "\"demo/3/120\"", "\"\\/\"", "\"\u00e9\"",
            "\"sha256:0000000000000000000000000000000000000000000000000000000000000000\"",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    static readonly byte[][] Escapes =
    [
        .. new[] { "\\ud800", "\\udc00", "\\ud83d\\ude00", "\\u0000", "\\n", "\\u00e9", "\\", "\u00e9", "\u2028", "\uffff" }
            .Select(Encoding.UTF8.GetBytes),
    ];

    readonly List<(int At, int Count)> values = [];
    readonly List<(int At, int Count, int ValueCount)> members = [];
    readonly Stack<int> open = new();

    /// <summary>One edit of the text that lies there.</summary>
    /// <returns>By how much the text grew or shrank.</returns>
    public int Apply(Draft draft, Random random, int from, int count)
    {
        Scan(draft.Span.Slice(from, count));
        var kind = random.Next(10);
        if (members.Count > 0 && kind <= 2) return EditMember(draft, random, from, kind);
        if (values.Count > 0 && kind <= 8) return EditValue(draft, random, from, kind);
        if (count > 0) draft.Span[from + random.Next(count)] = (byte)" {}[]:,\"\\0-e\n\u007f"[random.Next(14)];
        return 0;
    }

    int EditMember(Draft draft, Random random, int from, int kind)
    {
        var (at, size, _) = members[random.Next(members.Count)];
        var member = draft.Span.Slice(from + at, size).ToArray();
        if (kind == 0) return draft.Replace(from + at, 0, [.. member, (byte)',']);   // there twice
        if (kind == 1)
        {
            // Away with it, and with the comma behind or before it.
            var after = from + at + size;
            var comma = after < draft.Length && draft.Span[after] == ',';
            var before = !comma && from + at > 0 && draft.Span[from + at - 1] == ',';
            return draft.Replace(from + at - (before ? 1 : 0), size + (comma || before ? 1 : 0), []);
        }

        var (there, otherSize, _) = members[random.Next(members.Count)];
        return draft.Replace(from + there, otherSize, member);
    }

    int EditValue(Draft draft, Random random, int from, int kind)
    {
        var (at, size) = values[random.Next(values.Count)];
        var value = draft.Span.Slice(from + at, size).ToArray();
        var (otherAt, otherSize) = values[random.Next(values.Count)];
        byte[] with = kind switch
        {
            3 or 4 => Numbers[random.Next(Numbers.Length)],
            5 => Values[random.Next(Values.Length)],
            6 => draft.Span.Slice(from + otherAt, otherSize).ToArray(),
            7 => Nested(value, random),
            _ => Longer(value, random),
        };
        return draft.Replace(from + at, size, with);
    }

    static byte[] Nested(byte[] value, Random random)
    {
        var depth = random.Next(3) == 0 ? random.Next(1, DepthMax) : random.Next(1, 4);
        var (left, right) = random.Next(2) == 0 ? ("[", "]") : ("{\"a\":", "}");
        return
        [
            .. Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(left, depth))), .. value,
            .. Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(right, depth))),
        ];
    }

    static byte[] Longer(byte[] value, Random random) => value switch
    {
        [(byte)'"', .., (byte)'"'] when random.Next(2) == 0 && random.Next(1, value.Length) is var at =>
            [.. value[..at], .. Escapes[random.Next(Escapes.Length)], .. value[at..]],
        [(byte)'"', .., (byte)'"'] => [(byte)'"', .. Enumerable.Repeat((byte)'x', random.Next(LengthMax)), .. value[1..]],
        [(byte)'[', _, ..] =>
            [(byte)'[', .. Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("1,", random.Next(80)))), .. value[1..]],
        _ => [.. value, (byte)'0'],
    };

    /// <summary>Finds values and members without caring whether the text is JSON.</summary>
    void Scan(ReadOnlySpan<byte> text)
    {
        values.Clear();
        members.Clear();
        open.Clear();
        int? name = null;
        for (var i = 0; i < text.Length;)
            switch (text[i])
            {
                case (byte)'{' or (byte)'[':
                    open.Push(i);
                    open.Push(name ?? -1);
                    name = null;
                    i++;
                    break;
                case (byte)'}' or (byte)']':
                    i++;
                    name = null;
                    if (open.Count > 0) Found(open.Pop(), open.Pop(), i);
                    break;
                case (byte)' ' or (byte)'\n' or (byte)':' or (byte)',':
                    i++;
                    break;
                default:
                    var end = End(text, i);
                    if (name is null && end < text.Length && text[end] == ':') name = i;
                    else
                    {
                        Found(name ?? -1, i, end);
                        name = null;
                    }

                    i = end;
                    break;
            }
    }

    void Found(int name, int at, int end)
    {
        values.Add((at, end - at));
        if (name >= 0) members.Add((name, end - name, end - at));
    }

    static int End(ReadOnlySpan<byte> text, int at)
    {
        if (text[at] != '"')
        {
            var stop = text[(at + 1)..].IndexOfAny("{}[]:,\" \n"u8);
            return stop < 0 ? text.Length : at + 1 + stop;
        }

        for (var i = at + 1; i < text.Length; i++)
            if (text[i] == '\\') i++;
            else if (text[i] == '"') return i + 1;
        return text.Length;
    }
}
