using System.Globalization;
using System.Text;
using System.Text.Json;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Format;

/// <summary>
/// The JSON Canonicalization Scheme (RFC 8785): members sorted by UTF-16 code units, no blanks, shortest escapes, numbers as ECMAScript
/// writes them.
/// Digests of events and manifests are taken over these bytes, because a database may reorder and reformat what it stores.
/// </summary>
public static class CanonicalJson
{
    /// <summary>Largest whole number that every JSON reader keeps exact.</summary>
    public const long WholeNumberMax = 9_007_199_254_740_991;

    static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>How contracts are written as JSON everywhere: camelCase, enums by name, nulls kept.</summary>
    public static JsonSerializerOptions Options { get; } = ContractJson.Create();

    public static byte[] Write<T>(T value) => value is null ? "null"u8.ToArray() : Write(value, typeof(T));

    public static byte[] Write(object value, Type type) =>
        PlainJson.TryWrite(value, type) ?? Canonicalize(JsonSerializer.SerializeToElement(value, type, Options));

    /// <summary>SHA-256 of the canonical bytes.</summary>
    public static ContentHash Digest(object value) => ContentHash.Of(Write(value, value.GetType()));

    /// <exception cref="FormatException">
    /// There is no canonical form: a member named twice, half a surrogate pair, or a number that a double cannot hold (a whole one above
    /// <see cref="WholeNumberMax"/> would silently become another).
    /// </exception>
    public static byte[] Canonicalize(JsonElement element)
    {
        var output = new StringBuilder();
        Append(element, output);
        return StrictUtf8.GetBytes(output.ToString());
    }

    static void Append(JsonElement element, StringBuilder output)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                AppendObject(element, output);
                break;
            case JsonValueKind.Array:
                AppendArray(element, output);
                break;
            case JsonValueKind.String:
                AppendString(Text(element.GetString), output);
                break;
            case JsonValueKind.Number:
                output.Append(Number(element));
                break;
            default:
                output.Append(element.GetRawText());
                break;
        }
    }

    static void AppendArray(JsonElement element, StringBuilder output)
    {
        output.Append('[');
        var separator = "";
        foreach (var item in element.EnumerateArray())
        {
            output.Append(separator);
            separator = ",";
            Append(item, output);
        }

        output.Append(']');
    }

    static void AppendObject(JsonElement element, StringBuilder output)
    {
        output.Append('{');
        string? previous = null;
        var members = element.EnumerateObject().Select(static m => (Name: Text(() => m.Name), m.Value));
        foreach (var (name, value) in members.OrderBy(static m => m.Name, StringComparer.Ordinal))
        {
            if (string.Equals(previous, name, StringComparison.Ordinal))
                throw new FormatException($"A JSON object names \"{name}\" twice; it has no canonical form.");
            if (previous is not null) output.Append(',');
            previous = name;
            AppendString(name, output);
            output.Append(':');
            Append(value, output);
        }

        output.Append('}');
    }

    /// <summary>RFC 8785, section 3.2.2.2: only the quote, the backslash and what lies below a blank are escaped.</summary>
    static void AppendString(string text, StringBuilder output)
    {
        output.Append('"');
        foreach (var c in text)
            _ = c switch
            {
                '"' => output.Append("\\\""),
                '\\' => output.Append(@"\\"),
                '\b' => output.Append("\\b"),
                '\f' => output.Append("\\f"),
                '\n' => output.Append("\\n"),
                '\r' => output.Append("\\r"),
                '\t' => output.Append("\\t"),
                < ' ' => output.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => output.Append(c),
            };
        output.Append('"');
    }

    static string Text(Func<string?> read)
    {
        try
        {
            return read()!;
        }
        catch (InvalidOperationException e)
        {
            throw new FormatException("A JSON string holds half a surrogate pair; it has no canonical form.", e);
        }
    }

    static string Number(JsonElement element)
    {
        var text = element.GetRawText();
        if (text.AsSpan().ContainsAny(".eE")) return EcmaScriptNumber(element.GetDouble());
        if (!element.TryGetInt64(out var whole) || whole is < -WholeNumberMax or > WholeNumberMax)
            throw new FormatException($"{text} is a whole number outside [-2^53+1, 2^53-1]; it has no exact canonical form.");
        return whole.ToString(CultureInfo.InvariantCulture);   // also turns -0 into 0
    }

    /// <summary>Number::toString of ECMA-262 (section 6.1.6.1.20): the shortest digits that read back as the same double, laid out as
    /// there.</summary>
    public static string EcmaScriptNumber(double value)
    {
        if (!double.IsFinite(value)) throw new FormatException($"{value} is no JSON number; it has no canonical form.");
        if (value == 0) return "0";
        var parts = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture).Split('E');   // 123.45, 0.0012, 1.5E-07, 1E+21
        var point = parts[0].IndexOf('.', StringComparison.Ordinal) is var at and >= 0 ? at : parts[0].Length;
        var all = parts[0].Replace(".", "", StringComparison.Ordinal);
        var digits = all.TrimStart('0');
        var exponent = parts.Length == 2 ? int.Parse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0;
        return (value < 0 ? "-" : "") + Layout(digits.TrimEnd('0'), point - (all.Length - digits.Length) + exponent);
    }

    /// <param name="digits">k digits, the first and the last not zero.</param>
    /// <param name="n">The value is 0.digits × 10^n.</param>
    static string Layout(string digits, int n)
    {
        var k = digits.Length;
        if (k <= n && n <= 21) return digits + new string('0', n - k);
        if (n is > 0 and <= 21) return $"{digits[..n]}.{digits[n..]}";
        if (n is > -6 and <= 0) return "0." + new string('0', -n) + digits;
        var exponent = string.Create(CultureInfo.InvariantCulture, $"{(n > 0 ? "+" : "-")}{Math.Abs(n - 1)}");
        return k == 1 ? $"{digits}e{exponent}" : $"{digits[..1]}.{digits[1..]}e{exponent}";
    }
}
