using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Lineage.ChaosHarness.Exchange;

/// <summary>
/// A YAML document as a plain tree with lines. Bounded in size and depth; anchors and aliases are refused, because a few lines of them
/// expand to gigabytes; so are tags and second documents, which nothing here needs.
/// </summary>
/// <param name="Scalar">Null for a mapping or a list.</param>
sealed record YamlTree(
    long Line, string? Scalar, IReadOnlyList<(string Key, YamlTree Value)>? Members, IReadOnlyList<YamlTree>? List)
{
    const int CharactersMax = 256 * 1024, DepthMax = 12;

    public static YamlTree Parse(string text)
    {
        if (text.Length > CharactersMax)
            throw new ScenarioException(0, $"the file has {text.Length:N0} characters; at most {CharactersMax:N0} are read");
        try
        {
            var parser = new Parser(new StringReader(text));
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _)) throw new ScenarioException(0, "the file is empty; expected a scenario");
            var root = Node(parser, depth: 0);
            parser.Consume<DocumentEnd>();
            if (parser.Accept<DocumentStart>(out var second)) throw new ScenarioException(second.Start.Line, "expected one document, "
                + "got a second one");
            return root;
        }
        catch (YamlException e)
        {
            throw new ScenarioException(e.Start.Line, $"this is no YAML: {e.Message}");
        }
    }

    static YamlTree Node(Parser parser, int depth)
    {
        if (parser.Accept<AnchorAlias>(out var alias)) throw new ScenarioException(alias.Start.Line, "aliases are not taken; write "
            + "the value out");
        if (parser.Accept<NodeEvent>(out var node) && (!node.Anchor.IsEmpty || !node.Tag.IsEmpty))
            throw new ScenarioException(node.Start.Line, "anchors and tags are not taken");
        if (depth > DepthMax) throw new ScenarioException(node?.Start.Line ?? 0, $"more than {DepthMax} levels");
        if (parser.TryConsume<YamlDotNet.Core.Events.Scalar>(out var scalar))
            return new YamlTree(scalar.Start.Line, scalar.Value, null, null);
        if (parser.TryConsume<SequenceStart>(out var sequence))
        {
            List<YamlTree> items = [];
            while (!parser.TryConsume<SequenceEnd>(out _)) items.Add(Node(parser, depth + 1));
            return new YamlTree(sequence.Start.Line, null, null, items);
        }

        return Mapping(parser, depth);
    }

    static YamlTree Mapping(Parser parser, int depth)
    {
        var mapping = parser.Consume<MappingStart>();
        List<(string, YamlTree)> members = [];
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = Node(parser, depth + 1);
            if (key.Scalar is not { } name) throw new ScenarioException(key.Line, "a key is a word");
            if (!seen.Add(name)) throw new ScenarioException(key.Line, $"\"{name}\" is there twice");
            members.Add((name, Node(parser, depth + 1)));
        }

        return new YamlTree(mapping.Start.Line, null, members, null);
    }

    public void AllowOnly(params ReadOnlySpan<string> names)
    {
        foreach (var (key, value) in Members ?? throw new ScenarioException(Line, "expected keys and values"))
            if (!names.Contains(key))
                throw new ScenarioException(value.Line, $"\"{key}\" is not known here; known are {string.Join(", ", names.ToArray())}");
    }

    public YamlTree? Find(string name)
    {
        foreach (var (key, value) in Members ?? [])
            if (string.Equals(key, name, StringComparison.Ordinal)) return value;
        return null;
    }

    public YamlTree Child(string name) => Find(name) ?? throw new ScenarioException(Line, $"\"{name}\" is missing");

    public IReadOnlyList<YamlTree> Items(string name) => Find(name) switch
    {
        null => [],
        { List: { } items } => items,
        var other => throw new ScenarioException(other.Line, $"\"{name}\" is a list"),
    };

    /// <param name="otherwise">Null: it has to be there.</param>
    public string Text(string name, string? otherwise) =>
        (Find(name) ?? (otherwise is null ? Child(name) : null)) is not { } found ? otherwise!
        : found.Scalar is { Length: > 0 } text ? text : throw new ScenarioException(found.Line, $"\"{name}\" is a text");

    public long Number(string name, long min, long max, long? otherwise = null) =>
        Find(name) is { } found ? found.AsNumber(min, max) : otherwise ?? Child(name).AsNumber(min, max);

    public bool Flag(string name) => Find(name) switch
    {
        null => false,
        { Scalar: "true" } => true,
        { Scalar: "false" } => false,
        var other => throw new ScenarioException(other.Line, $"\"{name}\" is true or false"),
    };

    public long AsNumber(long min, long max) =>
        long.TryParse(Scalar, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw new ScenarioException(Line, $"expected a whole number in [{min}-{max}], got \"{Scalar}\"");
}
