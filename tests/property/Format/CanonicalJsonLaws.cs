using System.Globalization;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Xunit;
using Lineage.Contracts.Format;

namespace Lineage.Tests.Property.Format;

/// <summary>The vectors are those of RFC 8785 (section 3.2.2 to 3.2.4, appendix B) and of its public test data.</summary>
public sealed class CanonicalJsonLaws
{
    [Theory]
    [InlineData(0x0000000000000000UL, "0")]
    [InlineData(0x8000000000000000UL, "0")]
    [InlineData(0x0000000000000001UL, "5e-324")]
    [InlineData(0x8000000000000001UL, "-5e-324")]
    [InlineData(0x7fefffffffffffffUL, "1.7976931348623157e+308")]
    [InlineData(0xffefffffffffffffUL, "-1.7976931348623157e+308")]
    [InlineData(0x4340000000000000UL, "9007199254740992")]
    [InlineData(0xc340000000000000UL, "-9007199254740992")]
    [InlineData(0x4430000000000000UL, "295147905179352830000")]
    [InlineData(0x44b52d02c7e14af5UL, "9.999999999999997e+22")]
    [InlineData(0x44b52d02c7e14af6UL, "1e+23")]
    [InlineData(0x44b52d02c7e14af7UL, "1.0000000000000001e+23")]
    [InlineData(0x444b1ae4d6e2ef4eUL, "999999999999999700000")]
    [InlineData(0x444b1ae4d6e2ef4fUL, "999999999999999900000")]
    [InlineData(0x444b1ae4d6e2ef50UL, "1e+21")]
    [InlineData(0x3eb0c6f7a0b5ed8cUL, "9.999999999999997e-7")]
    [InlineData(0x3eb0c6f7a0b5ed8dUL, "0.000001")]
    [InlineData(0x41b3de4355555553UL, "333333333.3333332")]
    [InlineData(0x41b3de4355555554UL, "333333333.33333325")]
    [InlineData(0x41b3de4355555555UL, "333333333.3333333")]
    [InlineData(0x41b3de4355555556UL, "333333333.3333334")]
    [InlineData(0x41b3de4355555557UL, "333333333.33333343")]
    [InlineData(0xbecbf647612f3696UL, "-0.0000033333333333333333")]
    [InlineData(0x43143ff3c1cb0959UL, "1424953923781206.2")]
    public void Numbers_are_written_as_in_appendix_B(ulong bits, string expected) =>
        Assert.Equal(expected, CanonicalJson.EcmaScriptNumber(BitConverter.UInt64BitsToDouble(bits)));

    [Theory]
    [InlineData(
        "{\"numbers\":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001]," +
        "\"string\":\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\"literals\":[null,true,false]}",
        "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27]," +
        "\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}")]
    [InlineData(
        "{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter Dalet With Dagesh\",\"1\":\"One\"," +
        "\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\",\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\"," +
        "\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}")]
    [InlineData("""[ 56, { "d": true, "10": null, "1": [ ] } ]""", """[56,{"1":[],"10":null,"d":true}]""")]
    [InlineData("""{"1":{"f":{"f":"hi","F":5},"\n":56.0},"10":{},"":"empty","a":{},"111":[{"e":"yes","E":"no"}],"A":{}}""",
        """{"":"empty","1":{"\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{"E":"no","e":"yes"}],"A":{},"a":{}}""")]
    [InlineData("[-0,-0.0,1e2,-12,9007199254740991]", "[0,0,100,-12,9007199254740991]")]
    [InlineData("\"\\u2028\\u2029\\u007f\\b\\f\"", "\"\u2028\u2029\u007f\\b\\f\"")]
    public void Documents_are_written_as_the_scheme_says(string input, string expected) => Assert.Equal(expected, Canonical(input));

    [Theory]
    [InlineData("""{"a":1,"b":2,"a":3}""")]
    [InlineData("9007199254740992")]
    [InlineData("-9223372036854775809")]
    [InlineData("1e400")]
    [InlineData("\"\\ud800\"")]
    [InlineData("""{"\udc00":1}""")]
    public void What_has_no_canonical_form_is_refused(string input) => Assert.Throws<FormatException>(() => Canonical(input));

    [Property(MaxTest = 1_000)]
    public void A_number_reads_back_as_the_same_double(NormalFloat number, int exponent)
    {
        var value = Math.ScaleB(number.Get, exponent % 900);
        if (!double.IsFinite(value)) return;
        var text = CanonicalJson.EcmaScriptNumber(value);
        Assert.Equal(value, double.Parse(text, CultureInfo.InvariantCulture));
        Assert.Equal(
            text,
            Canonical(text.Contains('.', StringComparison.Ordinal) || text.Contains('e', StringComparison.Ordinal) ? text : text + ".0"));
    }

    [Property(MaxTest = 300)]
    public void Canonical_bytes_are_a_fixed_point_and_ignore_member_order(int seed)
    {
        var canonical = Canonical(Document(new Random(seed), reversed: false, depth: 3));
        Assert.Equal(canonical, Canonical(canonical));
        Assert.Equal(canonical, Canonical(Document(new Random(seed), reversed: true, depth: 3)));
    }

    static string Canonical(string json)
    {
        using var document = JsonDocument.Parse(json);
        return Encoding.UTF8.GetString(CanonicalJson.Canonicalize(document.RootElement));
    }

    /// <summary>The same members for the same seed, written in one order or the other.</summary>
    static string Document(Random random, bool reversed, int depth)
    {
        var members = Enumerable.Range(0, random.Next(5)).Select(i =>
        {
            var name = $"{(char)random.Next(0x20, 0x2FF)}{i}";
            var value = (depth > 0 ? random.Next(5) : random.Next(3)) switch
            {
                0 => random.Next().ToString(CultureInfo.InvariantCulture),
                1 => JsonSerializer.Serialize(random.NextDouble() * 1e9),
                2 => JsonSerializer.Serialize($"{(char)random.Next(1, 0xD7FF)}"),
                3 => $"[ {Document(random, reversed, depth - 1)} ]",
                _ => Document(random, reversed, depth - 1),
            };
            return $"{JsonSerializer.Serialize(name)} : {value}";
        }).ToList();
        if (reversed) members.Reverse();
        return $"{{ {string.Join(" , ", members)} }}";
    }
}
