using System.Text.Json;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Narration;

namespace Lineage.Upcasting;

/// <summary>How an event that was stored under an old name is read as what it means today.</summary>
/// <param name="Name">The stored name, for example <c>run-archived.v1</c>, once the catalogue has gone on to v2.</param>
/// <param name="Current">Type of what <paramref name="Read"/> makes of it; one of the catalogue.</param>
public sealed record EventUpcast(string Name, Type Current, Func<JsonElement, object> Read);

/// <summary>
/// The one way from a stored name and body to an event, for every reader that does not go through Marten; Marten is given the same
/// upcasts. An old name is never forgotten: its golden file is read by a test.
/// </summary>
public sealed class EventReader
{
    readonly Dictionary<string, Type> current =
        EventCatalog.Names.ToDictionary(static pair => pair.Value, static pair => pair.Key, StringComparer.Ordinal);

    readonly Dictionary<string, Func<JsonElement, object>> old = new(StringComparer.Ordinal);

    public EventReader(IReadOnlyList<EventUpcast>? upcasts = null)
    {
        Upcasts = upcasts ?? Known;
        foreach (var upcast in Upcasts)
            if (!EventCatalog.Names.ContainsKey(upcast.Current) || current.ContainsKey(upcast.Name)
                || !old.TryAdd(upcast.Name, upcast.Read))
                throw new ArgumentException($"{upcast.Name} is a name of today, or becomes no event of the catalogue.", nameof(upcasts));
    }

    /// <summary>Names of the past. None yet: every event is at the version it was first written in.</summary>
    public static IReadOnlyList<EventUpcast> Known { get; } = [];

    public static EventReader Today { get; } = new();

    public IReadOnlyList<EventUpcast> Upcasts { get; }

    /// <summary>Every stored name that can be read.</summary>
    public IEnumerable<string> Names => current.Keys.Concat(old.Keys);

    /// <summary>Null when the name is not known: it was written by a newer version, or by somebody else.</summary>
    /// <exception cref="JsonException">The name is known and the body is not of its shape.</exception>
    public object? Read(string name, JsonElement body) =>
        current.TryGetValue(name, out var type) ? body.Deserialize(type, CanonicalJson.Options) ?? throw Nothing(name)
        : old.TryGetValue(name, out var read) ? read(body) : null;

    /// <summary>An event that has to be understood, because state is folded from it.</summary>
    /// <exception cref="JsonException">The name is not known, or the body is not of its shape.</exception>
    public object Read(string name, string body)
    {
        if (current.TryGetValue(name, out var type))
            return JsonSerializer.Deserialize(body, type, CanonicalJson.Options) ?? throw Nothing(name);
        using var document = JsonDocument.Parse(body);
        return Read(name, document.RootElement)
            ?? throw new JsonException($"\"{name}\" is no event that this version knows: it was written by a newer one.");
    }

    static JsonException Nothing(string name) => new($"The body of a {name} is null.");

    /// <summary>One line for people, also for what cannot be read: a trail with a gap would be worse.</summary>
    public string Tell(string name, JsonElement body)
    {
        try
        {
            return Read(name, body) is { } @event ? Narrator.Summary(@event) : $"an event that this version does not know: {name}";
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or ArgumentException)
        {
            return $"its body is not that of a {name}: {e.Message.ReplaceLineEndings(" ")}";
        }
    }
}
