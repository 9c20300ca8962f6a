using System.Text.Json.Serialization;

namespace Lineage.Contracts.Identity;

/// <summary>
/// Names one training job for ever. 1-63 characters: lower-case letters, digits, '.', '_' and '-', beginning with a letter or digit,
/// and never "..", so that it is safe as a folder, a URL segment, a stream key and a routing key.
/// </summary>
[JsonConverter(typeof(TextValueConverter<RunId>))]
public readonly record struct RunId : ITextValue<RunId>, IComparable<RunId>
{
    public const int LengthMax = 63;

    readonly string? value;

    RunId(string value) => this.value = value;

    /// <summary>The text. The default value names no run and throws here.</summary>
    public string Value => value ?? throw new InvalidOperationException("This RunId was never set; it names no run.");

    /// <summary>Key of the event stream that holds this run's life.</summary>
    public string StreamKey => $"run/{Value}";

    public static RunId Parse(string text) => TryParse(text, out var run)
        ? run
        : throw new FormatException(
            $"\"{text}\" cannot name a run: expected 1-{LengthMax} characters a-z, 0-9, '.', '_' or '-', " +
            "beginning with a letter or digit and without \"..\".");

    public static bool TryParse(string? text, out RunId run)
    {
        run = default;
        if (text is not { Length: >= 1 and <= LengthMax } || text.Contains("..", StringComparison.Ordinal)) return false;
        if (!char.IsAsciiLetterLower(text[0]) && !char.IsAsciiDigit(text[0])) return false;
        foreach (var c in text)
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('.' or '_' or '-')) return false;
        run = new RunId(text);
        return true;
    }

    public int CompareTo(RunId other) => string.CompareOrdinal(value, other.value);

    public override string ToString() => value ?? "(no run)";
}
