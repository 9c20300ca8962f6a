namespace Lineage.Cli.Rendering;

/// <summary>Names and values, one per line, the values in one column.</summary>
internal sealed class FactList
{
    readonly List<(string Name, Piece[] Value)> facts = [];

    public void Add(string name, params Piece[] value) => facts.Add((name, value));

    public IReadOnlyList<Line> Draw(Screen screen, string indent = "  ")
    {
        var width = facts.Count == 0 ? 0 : facts.Max(static fact => fact.Name.Length);
        return [.. facts.Select(fact => new Line([indent, (fact.Name.PadRight(width + 2), Tone.Dim), .. fact.Value]).Fit(screen))];
    }
}
