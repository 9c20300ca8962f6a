using System.Text.Json.Serialization;

namespace Lineage.Contracts.Identity;

/// <summary>
/// Who did it: <c>kind:name</c>, for example <c>rank:demo/3/0</c>, <c>launcher:host-1/4711</c>, <c>keeper:host-1</c>, <c>server</c>,
/// <c>person:ada</c>.
/// </summary>
[JsonConverter(typeof(TextValueConverter<ActorId>))]
public readonly record struct ActorId : ITextValue<ActorId>
{
    public const int LengthMax = 200;

    readonly string? value;

    ActorId(string value) => this.value = value;

    public static ActorId Server { get; } = new("server");

    public string Value => value ?? "unknown";

    public static bool TryParse(string? text, out ActorId actor)
    {
        var isOne = text is { Length: >= 1 and <= LengthMax } && !text.AsSpan().ContainsAnyExceptInRange('!', '~');
        actor = isOne ? new ActorId(text!) : default;
        return isOne;
    }

    public static ActorId Parse(string text) => TryParse(text, out var actor)
        ? actor
        : throw new FormatException($"\"{text}\" names no actor: expected 1-{LengthMax} printable ASCII characters without blanks.");

    public override string ToString() => Value;
}
