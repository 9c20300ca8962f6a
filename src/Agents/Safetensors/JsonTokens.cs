using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Safetensors;

/// <summary>
/// One strict pass over the tokens of a JSON text out of a file: no tree, so memory is the text and what the caller keeps. Every refusal
/// names the byte of the file at which the offending token begins.
/// </summary>
ref struct JsonTokens
{
    /// <summary>Deep enough for every known member; deeper ones are refused by the reader beneath.</summary>
    const int DepthMax = 16;

    readonly ReadOnlySpan<byte> json;
    readonly string file;
    readonly long fileOffset;
    readonly string what;
    string? tensor;
    Utf8JsonReader reader;

    /// <param name="fileOffset">Where the text begins in the file.</param>
    /// <param name="what">What messages call the text.</param>
    /// <exception cref="ShardFormatException">The text is no UTF-8.</exception>
    public JsonTokens(ReadOnlySpan<byte> json, string file, long fileOffset, string what)
    {
        this.json = json;
        this.file = file;
        this.fileOffset = fileOffset;
        this.what = what;
        if (!Utf8.IsValid(json)) throw Refused(FirstInvalid(json), "is no valid UTF-8 here");
        reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DepthMax });
    }

    /// <summary>Where the present token begins in the file.</summary>
    public readonly long At => fileOffset + reader.TokenStartIndex;

    /// <summary>The tensor that messages are about from here on; null for none. No message is put together unless it is needed.</summary>
    public void About(string? name) => tensor = name;

    /// <summary>The next token.</summary>
    /// <exception cref="ShardFormatException">The text is no JSON there, or ends early.</exception>
    public JsonTokenType Next()
    {
        try
        {
            return reader.Read() ? reader.TokenType : JsonTokenType.None;
        }
        catch (JsonException e)
        {
            throw Refused(OffsetOf(e), $"is no JSON here: {Why(e.Message)}");
        }
    }

    /// <summary>The next token, which begins or ends an object or a list.</summary>
    public void Expect(JsonTokenType type, string subject)
    {
        if (Next() != type) throw Refused(At, $"{subject} is {Described()}, expected {Name(type)}");
    }

    /// <summary>Whether another member, or another element, follows before the end.</summary>
    public bool Until(JsonTokenType end) => Next() != end;

    /// <summary>Whether the present name is this one.</summary>
    public readonly bool Is(ReadOnlySpan<byte> text)
    {
        try
        {
            return reader.ValueTextEquals(text);
        }
        catch (InvalidOperationException)
        {
            throw Refused(At, "a name holds half a surrogate pair");   // it is compared without its escapes
        }
    }

    /// <summary>The present name or string, without escapes.</summary>
    public readonly string Text(string subject)
    {
        if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName))
            throw Refused(At, $"{subject} is {Described()}, expected a string");
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Refused(At, $"{subject} holds half a surrogate pair");
        }
    }

    /// <summary>The present token as a whole number of 0 to 2^63-1, written as digits only: a fraction, an exponent or a sign is not what
    /// the format's own reader takes for a size.</summary>
    public readonly long Whole(string subject)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.ValueSpan.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0
            && long.TryParse(reader.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            return value;
        throw Refused(At, $"{subject} is {Described()}, expected a whole number of 0 to 2^63-1");
    }

    /// <summary>A number that stands for a whole one, however it is written; null if it does not, or if a double cannot hold it.</summary>
    public readonly long? WholeHoweverWritten() =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var value)
        && value is >= 0 and <= CanonicalJson.WholeNumberMax && value == Math.Floor(value)
            ? (long)value
            : null;

    /// <summary>Passes over the present value, whatever it is.</summary>
    public void Skip()
    {
        for (var depth = 0; ;)
        {
            depth += reader.TokenType switch
            {
                JsonTokenType.StartObject or JsonTokenType.StartArray => 1,
                JsonTokenType.EndObject or JsonTokenType.EndArray => -1,
                _ => 0,
            };
            if (depth == 0) return;
            Next();
        }
    }

    /// <summary>What the present token is, for a message of "expected … got".</summary>
    public readonly string Described() => reader.TokenType switch
    {
        JsonTokenType.Number => Shown(),
        JsonTokenType.String => $"\"{Shown()}\"",
        var type => Name(type),
    };

    public readonly ShardFormatException Refused(long at, string reason) => new(
        file, at, $"the {what}: {(tensor is null ? "" : $"tensor \"{SafetensorsLimits.Shown(tensor)}\" ")}{reason}.");

    readonly string Shown() =>
        SafetensorsLimits.Shown(Encoding.UTF8.GetString(reader.ValueSpan[..Math.Min(reader.ValueSpan.Length, 100)]));

    static string Name(JsonTokenType type) => type switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.EndObject => "the end of an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.EndArray => "the end of a list",
        JsonTokenType.PropertyName => "a member",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.True or JsonTokenType.False => "a truth value",
        JsonTokenType.Null => "null",
        _ => "nothing",
    };

    /// <summary>Without the text that it quotes, which may be the rest of the file, and without its own count of lines.</summary>
    static string Why(string message)
    {
        var end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        if (end >= 0) message = message[..end];
        message = message.Replace("'\"'", "quotation mark", StringComparison.Ordinal);
        var quoted = message.LastIndexOf("' is ", StringComparison.Ordinal);
        return SafetensorsLimits.Shown((quoted < 0 ? message : "what stands there" + message[(quoted + 1)..]).TrimEnd('.'));
    }

    readonly long FirstInvalid(ReadOnlySpan<byte> text)
    {
        var at = 0;
        while (at < text.Length && Rune.DecodeFromUtf8(text[at..], out _, out var length) == OperationStatus.Done) at += length;
        return fileOffset + at;
    }

    /// <summary>The reader of the base library counts lines and bytes within the line.</summary>
    readonly long OffsetOf(JsonException e)
    {
        var line = 0;
        for (var lines = e.LineNumber ?? 0; lines > 0; lines--) line += json[line..].IndexOf((byte)'\n') + 1;
        return fileOffset + Math.Min(json.Length, line + (e.BytePositionInLine ?? 0));
    }
}
