using System.Text.Json;
using System.Text.Json.Serialization;

namespace Lineage.Contracts.Identity;

/// <summary>A value that has one canonical text form, used as such in JSON, URLs, stream keys and on the terminal.</summary>
public interface ITextValue<TSelf> where TSelf : ITextValue<TSelf>
{
    /// <summary>Reads the canonical form.</summary>
    /// <exception cref="FormatException">The text is not of that form; the message says what was expected.</exception>
    static abstract TSelf Parse(string text);

    string ToString();
}

/// <summary>
/// Writes an <see cref="ITextValue{TSelf}"/> as a JSON string (or property name); a malformed one is a <see cref="JsonException"/>.
/// </summary>
public sealed class TextValueConverter<T> : JsonConverter<T> where T : ITextValue<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
            ? Parse(reader.GetString()!)
            : throw new JsonException($"Expected {typeof(T).Name} as a string, got {reader.TokenType}.");

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());

    public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Parse(reader.GetString()!);

    public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value.ToString());

    static T Parse(string text)
    {
        try
        {
            return T.Parse(text);
        }
        catch (FormatException e)
        {
            throw new JsonException(e.Message, e);
        }
    }
}
