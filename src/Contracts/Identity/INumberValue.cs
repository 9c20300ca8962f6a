using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Lineage.Contracts.Identity;

/// <summary>A whole number with a meaning and a range; a JSON number.</summary>
public interface INumberValue<TSelf> where TSelf : INumberValue<TSelf>
{
    long Number { get; }

    /// <exception cref="FormatException">The number lies outside the type's range.</exception>
    static abstract TSelf From(long number);
}

/// <summary>Writes an <see cref="INumberValue{TSelf}"/> as a JSON number; one out of range is a <see cref="JsonException"/>.</summary>
public sealed class NumberValueConverter<T> : JsonConverter<T> where T : INumberValue<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number)
            ? From(number)
            : throw new JsonException($"Expected {typeof(T).Name} as a whole number, got {reader.TokenType}.");

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Number);

    public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        long.TryParse(reader.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? From(number)
            : throw new JsonException($"Expected {typeof(T).Name} as a whole number, got \"{reader.GetString()}\".");

    public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value.Number.ToString(CultureInfo.InvariantCulture));

    static T From(long number)
    {
        try
        {
            return T.From(number);
        }
        catch (FormatException e)
        {
            throw new JsonException(e.Message, e);
        }
    }
}
