using System.Text.Json;

namespace Lineage.Tests.Service.Http;

/// <summary>
/// What in a newer description would break a client of the older one. Additions are fine; a thing that is gone, of another type, or newly
/// required of the client is not. Pure.
/// </summary>
static class OpenApiChanges
{
    static readonly string[] OneOf = ["oneOf", "anyOf"];

    static readonly string[] Methods = ["get", "put", "post", "delete", "patch", "head"];

    public static IReadOnlyList<string> Breaking(JsonElement older, JsonElement newer)
    {
        var found = new List<string>();
        foreach (var path in Members(older, "paths"))
        {
            if (Find(newer, "paths", path.Name) is not { } now) found.Add($"{path.Name} is gone");
            else
                foreach (var method in path.Value.EnumerateObject().Where(static m => Methods.Contains(m.Name, StringComparer.Ordinal)))
                    Operation($"{method.Name.ToUpperInvariant()} {path.Name}", method.Value, Find(now, method.Name), found);
        }

        foreach (var schema in Members(Find(older, "components") ?? default, "schemas"))
        {
            if (Find(newer, "components", "schemas", schema.Name) is { } now) Schema(schema.Name, schema.Value, now, Sent(older), found);
            else found.Add($"schema {schema.Name} is gone");
        }

        return found;
    }

    static void Operation(string name, JsonElement older, JsonElement? newer, List<string> found)
    {
        if (newer is not { } now)
        {
            found.Add($"{name} is gone");
            return;
        }

        if (Text(older, "operationId") is { } id && id != Text(now, "operationId")) found.Add($"{name} is no longer called {id}");
        var before = Items(older, "parameters").ToDictionary(static p => $"{Text(p, "in")} {Text(p, "name")}", StringComparer.Ordinal);
        var after = Items(now, "parameters").ToDictionary(static p => $"{Text(p, "in")} {Text(p, "name")}", StringComparer.Ordinal);
        found.AddRange(before.Keys.Where(key => !after.ContainsKey(key)).Select(key => $"{name}: parameter {key} is gone"));
        found.AddRange(after.Where(p => IsTrue(p.Value, "required") && !(before.TryGetValue(p.Key, out var was) && IsTrue(was, "required")))
            .Select(p => $"{name}: parameter {p.Key} is newly required"));
        if (IsTrue(Find(now, "requestBody"), "required") && !IsTrue(Find(older, "requestBody"), "required"))
            found.Add($"{name}: a body is newly required");
        Same($"{name}: body", Find(older, "requestBody", "content"), Find(now, "requestBody", "content"), found);
        foreach (var response in Members(older, "responses").Where(static r => r.Name.StartsWith('2')))
            Same($"{name}: {response.Name}", Find(response.Value, "content"), Find(now, "responses", response.Name, "content"), found);
    }

    /// <summary>Bodies are named by schema; those are compared on their own.</summary>
    static void Same(string where, JsonElement? older, JsonElement? newer, List<string> found)
    {
        if (older is not { } was) return;
        foreach (var media in was.EnumerateObject())
        {
            var (before, after) = (Find(media.Value, "schema"), newer is { } now ? Find(now, media.Name, "schema") : null);
            if (after is null && before is not null) found.Add($"{where}: {media.Name} is gone");
            else if (Shape(before) != Shape(after)) found.Add($"{where}: {media.Name} was {Shape(before)}, is {Shape(after)}");
        }
    }

    /// <param name="sent">Names of schemas that clients send: there a newly required member breaks them.</param>
    static void Schema(string name, JsonElement older, JsonElement newer, HashSet<string> sent, List<string> found)
    {
        var (was, now) = (Members(older, "properties").ToList(), Find(newer, "properties"));
        foreach (var member in was)
        {
            if (now is not { } members || Find(members, member.Name) is not { } after) found.Add($"{name}.{member.Name} is gone");
            else if (Shape(member.Value) != Shape(after))
                found.Add($"{name}.{member.Name} was {Shape(member.Value)}, is {Shape(after)}");
        }

        if (was.Count == 0 && Shape(older) != Shape(newer)) found.Add($"{name} was {Shape(older)}, is {Shape(newer)}");
        Values(name, older, newer, found);
        foreach (var member in was)
            if (now is { } members && Find(members, member.Name) is { } after) Values($"{name}.{member.Name}", member.Value, after, found);
        if (!sent.Contains(name)) return;
        var before = Items(older, "required").Select(static r => r.GetString()).ToHashSet(StringComparer.Ordinal);
        found.AddRange(Items(newer, "required").Select(static r => r.GetString()!).Where(r => !before.Contains(r))
            .Select(r => $"{name}.{r} is newly required"));
    }

    static void Values(string name, JsonElement older, JsonElement newer, List<string> found)
    {
        var after = Items(newer, "enum").Select(static v => v.ToString()).ToHashSet(StringComparer.Ordinal);
        found.AddRange(Items(older, "enum").Select(static v => v.ToString()).Where(v => !after.Contains(v)).Select(v =>
            $"{name} no longer knows {v}"));
    }

    /// <summary>Schemas that request bodies reach.</summary>
    static HashSet<string> Sent(JsonElement document)
    {
        var (sent, open) = (new HashSet<string>(StringComparer.Ordinal), new Queue<JsonElement>());
        foreach (var path in Members(document, "paths"))
            foreach (var method in path.Value.EnumerateObject())
                if (method.Value.ValueKind == JsonValueKind.Object && Find(method.Value, "requestBody") is { } body) open.Enqueue(body);
        while (open.TryDequeue(out var element))
            foreach (var reference in References(element))
                if (sent.Add(reference) && Find(document, "components", "schemas", reference) is { } schema) open.Enqueue(schema);
        return sent;
    }

    static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(static m => m.NameEquals("$ref")
            ? [m.Value.GetString()!.Split('/')[^1]] : References(m.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };

    /// <summary>Type, format and reference, without what only describes.</summary>
    static string Shape(JsonElement? schema)
    {
        if (schema is not { ValueKind: JsonValueKind.Object } given) return "anything";
        if (Text(given, "$ref") is { } reference) return reference.Split('/')[^1];
        var kind = Find(given, "type") is { } type
            ? type.ValueKind == JsonValueKind.Array
                ? string.Join('|', type.EnumerateArray().Select(static t => t.GetString()).Order(StringComparer.Ordinal))
                : type.GetString()
            : "";
        var parts = OneOf.SelectMany(name => Items(given, name).Select(static one => Shape(one)));
        return string.Concat(
            kind, Text(given, "format") is { } format ? $"({format})" : "",
            Find(given, "items") is { } items ? $" of {Shape(items)}" : "",
            Find(given, "additionalProperties") is { ValueKind: JsonValueKind.Object } values ? $" to {Shape(values)}" : "",
            string.Join('|', parts));
    }

    static JsonElement? Find(JsonElement? element, params string[] path)
    {
        foreach (var name in path)
        {
            if (element is not { ValueKind: JsonValueKind.Object } parent || !parent.TryGetProperty(name, out var child)) return null;
            element = child;
        }

        return element;
    }

    static IEnumerable<JsonProperty> Members(JsonElement element, string name) =>
        Find(element, name) is { ValueKind: JsonValueKind.Object } found ? found.EnumerateObject() : Enumerable.Empty<JsonProperty>();

    static IEnumerable<JsonElement> Items(JsonElement element, string name) =>
        Find(element, name) is { ValueKind: JsonValueKind.Array } found ? found.EnumerateArray() : Enumerable.Empty<JsonElement>();

    static string? Text(JsonElement element, string name) => Find(element, name) is { ValueKind: JsonValueKind.String } text
        ? text.GetString() : null;

    static bool IsTrue(JsonElement? element, string name) => Find(element, name) is { ValueKind: JsonValueKind.True };
}
