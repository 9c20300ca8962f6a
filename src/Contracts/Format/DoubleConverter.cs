using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Lineage.Contracts.Format;

/// <summary>
/// Writes a double so that it cannot be taken for a 64-bit number: one beyond 2^53 has an exponent. Canonical JSON refuses whole numbers
/// that large, because digits of a 64-bit one would be lost; a double has none to lose.
/// </summary>
public sealed class DoubleConverter : JsonConverter<double>
{
    public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDouble();

    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
    {
        if (Math.Abs(value) <= CanonicalJson.WholeNumberMax || !double.IsFinite(value)) writer.WriteNumberValue(value);
        else writer.WriteRawValue(value.ToString("E16", CultureInfo.InvariantCulture));
    }
}
