using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Format;

/// <summary>
/// The JSON Canonicalization Scheme (RFC 8785): members sorted by UTF-16 code units, no blanks, shortest escapes, numbers as ECMAScript writes them.
/// Digests of events and manifests are taken over these bytes, because a database may reorder and reformat what it stores.
/// </summary>
public static class CanonicalJson
{
    /// <summary>How contracts are written as JSON everywhere: camelCase, enums by name, nulls kept.</summary>
    public static JsonSerializerOptions Options { get; } = ContractJson.Create();

    public static byte[] Write<T>(T value) => Canonicalize(JsonSerializer.SerializeToElement(value, Options));

    public static byte[] Write(object value, Type type) => Canonicalize(JsonSerializer.SerializeToElement(value, type, Options));

    /// <summary>SHA-256 of the canonical bytes.</summary>
    public static ContentHash Digest(object value) => ContentHash.Of(Write(value, value.GetType()));

    public static byte[] Canonicalize(JsonElement element)
    {
        var output = new ArrayBufferWriter<byte>();
        Append(element, output);
        return output.WrittenSpan.ToArray();
    }

    static void Append(JsonElement element, ArrayBufferWriter<byte> output)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                AppendObject(element, output);
                break;
            case JsonValueKind.Array:
                Text("[", output);
                var first = true;
                foreach (var item in element.EnumerateArray())
                {
                    if (!first) Text(",", output);
                    first = false;
                    Append(item, output);
                }

                Text("]", output);
                break;
            case JsonValueKind.String:
                AppendString(element.GetString()!, output);
                break;
            case JsonValueKind.Number:
                Text(Number(element), output);
                break;
            default:
                Text(element.GetRawText(), output);
                break;
        }
    }

    static void AppendObject(JsonElement element, ArrayBufferWriter<byte> output)
    {
        Text("{", output);
        var first = true;
        string? previous = null;
        foreach (var member in element.EnumerateObject().OrderBy(static m => m.Name, StringComparer.Ordinal))
        {
            if (string.Equals(previous, member.Name, StringComparison.Ordinal))
                throw new FormatException($"A JSON object names \"{member.Name}\" twice; it has no canonical form.");
            previous = member.Name;
            if (!first) Text(",", output);
            first = false;
            AppendString(member.Name, output);
            Text(":", output);
            Append(member.Value, output);
        }

        Text("}", output);
    }

    static void AppendString(string text, ArrayBufferWriter<byte> output)
    {
        Text("\"", output);
        foreach (var rune in text.EnumerateRunes())
        {
            var escape = rune.Value switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\b' => "\\b",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < 0x20 => string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}"),
                _ => null,
            };
            Text(escape ?? rune.ToString(), output);
        }

        Text("\"", output);
    }

    /// <summary>Whole numbers up to 2^63-1 keep every digit (an extension of RFC 8785, which sees only doubles); all others are written as ECMAScript does.</summary>
    static string Number(JsonElement element) => element.TryGetInt64(out var whole)
        ? whole.ToString(CultureInfo.InvariantCulture)
        : EcmaScriptNumber(element.GetDouble());

    /// <summary>Number::toString of ECMA-262, section 6.1.6.1.20, from the shortest digits that read back as the same double.</summary>
    public static string EcmaScriptNumber(double value)
    {
        if (!double.IsFinite(value)) throw new FormatException($"{value} is no JSON number; it has no canonical form.");
        if (value == 0) return "0";
        var scientific = Math.Abs(value).ToString("E16", CultureInfo.InvariantCulture);
        var shortest = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture);
        var digits = new string([.. shortest.Split('E')[0].Where(char.IsAsciiDigit)]).TrimStart('0').TrimEnd('0');
        var n = int.Parse(scientific.AsSpan(scientific.IndexOf('E', StringComparison.Ordinal) + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) + 1;
        if (double.Parse(shortest, CultureInfo.InvariantCulture) >= Math.Pow(10, n)) n++;   // E16 may round down across a power of ten
        return (value < 0 ? "-" : "") + Layout(digits, n);
    }

    static string Layout(string digits, int n)
    {
        var k = digits.Length;
        if (k <= n && n <= 21) return digits + new string('0', n - k);
        if (n is > 0 and <= 21) return $"{digits[..n]}.{digits[n..]}";
        if (n is > -6 and <= 0) return "0." + new string('0', -n) + digits;
        var exponent = string.Create(CultureInfo.InvariantCulture, $"{(n > 0 ? "+" : "-")}{Math.Abs(n - 1)}");
        return k == 1 ? $"{digits}e{exponent}" : $"{digits[..1]}.{digits[1..]}e{exponent}";
    }

    static void Text(string text, ArrayBufferWriter<byte> output) => Encoding.UTF8.GetBytes(text, output);
}
