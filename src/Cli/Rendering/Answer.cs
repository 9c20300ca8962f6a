using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lineage.Contracts.Format;

namespace Lineage.Cli.Rendering;

/// <summary>How an answer is written on standard output.</summary>
internal enum OutputFormat { Table, Json, Jsonl, Csv, Name }

/// <summary>
/// What a verb found out, in every form it can be asked for. JSON is the contracts' own shape with <c>"schema": 1</c>: members are added,
/// never renamed.
/// </summary>
internal sealed class Answer
{
    /// <summary>Version of the JSON shapes; it grows only when a member changes its meaning.</summary>
    public const int Schema = 1;

    static readonly JsonSerializerOptions Compact = ContractJson.Create();
    static readonly JsonSerializerOptions Indented = Indent();

    readonly Func<Screen, IReadOnlyList<Line>> page;
    readonly IReadOnlyList<JsonObject> items;
    readonly IReadOnlyList<string> names;
    readonly Func<JsonObject> document;

    Answer(
        Func<Screen, IReadOnlyList<Line>> page, IReadOnlyList<JsonObject> items, IReadOnlyList<string> names, Func<JsonObject> document)
    {
        this.page = page;
        this.items = items;
        this.names = names;
        this.document = document;
    }

    public static Answer One<T>(T value, string name, Func<Screen, IReadOnlyList<Line>> page) where T : notnull =>
        Report(value, [value], _ => name, page);

    public static Answer Many<T>(IReadOnlyList<T> values, Func<T, string> name, Func<Screen, IReadOnlyList<Line>> page) where T : notnull =>
        From(values, name, page, static items =>
            new JsonObject { ["schema"] = Schema, ["items"] = new JsonArray([.. items.Select(static item => item.DeepClone())]) });

    /// <summary>One finding about many things: JSON is the whole of it, the forms with a line per thing are of those.</summary>
    public static Answer Report<TWhole, T>(
        TWhole whole, IReadOnlyList<T> items, Func<T, string> name, Func<Screen, IReadOnlyList<Line>> page)
        where TWhole : notnull where T : notnull => From(items, name, page, _ => WithSchema(ToObject(whole)));

    static Answer From<T>(
        IReadOnlyList<T> values, Func<T, string> name, Func<Screen, IReadOnlyList<Line>> page,
        Func<IReadOnlyList<JsonObject>, JsonObject> document) where T : notnull
    {
        JsonObject[] items = [.. values.Select(static value => ToObject(value))];
        return new Answer(page, items, [.. values.Select(name)], () => document(items));
    }

    /// <summary>Lines of text for a format, each without its end of line.</summary>
    public IEnumerable<string> Write(OutputFormat format, Screen screen, bool colour) => format switch
    {
        OutputFormat.Table => page(screen).Select(line => Ansi.Write(line, colour)),
        OutputFormat.Json => [document().ToJsonString(Indented)],
        OutputFormat.Jsonl => items.Select(static item => WithSchema(item).ToJsonString(Compact)),
        OutputFormat.Csv => CsvTable.Write(items),
        OutputFormat.Name => names,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, null),
    };

    static JsonObject WithSchema(JsonObject item)
    {
        var copy = item.DeepClone().AsObject();
        copy.Insert(0, "schema", Schema);
        return copy;
    }

    static JsonObject ToObject<T>(T value) where T : notnull =>
        JsonSerializer.SerializeToNode(value, value.GetType(), Compact) as JsonObject
        ?? throw new InvalidOperationException($"{typeof(T).Name} is no JSON object; an answer needs one.");

    static JsonSerializerOptions Indent()
    {
        var options = ContractJson.Create();
        options.WriteIndented = true;
        return options;
    }
}

/// <summary>Objects as comma-separated values (RFC 4180): nested members by dotted names, lists of plain values joined by blanks, other
/// lists as a count.</summary>
internal static class CsvTable
{
    public static IEnumerable<string> Write(IReadOnlyList<JsonObject> items)
    {
        var rows = items.Select(static item => Flatten("", item).ToDictionary(StringComparer.Ordinal)).ToArray();
        var columns = rows.SelectMany(static row => row.Keys).Distinct(StringComparer.Ordinal).ToArray();
        if (columns.Length == 0) yield break;
        yield return string.Join(',', columns.Select(Quote));
        foreach (var row in rows) yield return string.Join(',', columns.Select(column => Quote(row.GetValueOrDefault(column, ""))));
    }

    static IEnumerable<KeyValuePair<string, string>> Flatten(string prefix, JsonObject item)
    {
        foreach (var (name, value) in item)
        {
            var path = prefix + name;
            switch (value)
            {
                case JsonObject inner:
                    foreach (var pair in Flatten(path + ".", inner)) yield return pair;
                    break;
                case JsonArray list when list.Any(static entry => entry is JsonObject or JsonArray):
                    yield return new(path, list.Count.ToString(CultureInfo.InvariantCulture));
                    break;
                case JsonArray list:
                    yield return new(path, string.Join(' ', list.Select(static entry => entry?.ToString() ?? "")));
                    break;
                default:
                    yield return new(path, value?.ToString() ?? "");
                    break;
            }
        }
    }

    static string Quote(string text)
    {
        if (!text.AsSpan().ContainsAny(",\"\r\n")) return text;
        return new StringBuilder("\"").Append(text.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"').ToString();
    }
}
