using Lineage.Contracts.Api;

namespace Lineage.Cli.Rendering;

/// <summary><c>lineage chain REF</c>: what rebuilds a checkpoint, in the order of application, and the link that is broken.</summary>
internal static class ChainPage
{
    public static IReadOnlyList<Line> Draw(ChainView chain, Screen screen)
    {
        var lines = new List<Line>
        {
            new Line(
                (Marks.Short(chain.Checkpoint), Tone.Strong), $" g{chain.Checkpoint.Generation} {screen.Glyphs.Dot} ",
                $"{Units.Count(chain.Links.Count, "link")}, {Units.Bytes(chain.ReadBytes)} to read {screen.Glyphs.Dot} ",
                chain.Broken is null ? ($"{screen.Glyphs.Verified} whole", Tone.Good) : ($"{screen.Glyphs.Bad} broken", Tone.Bad))
                    .Fit(screen),
            Line.Empty,
        };
        lines.AddRange(Links(chain, screen, digests: true));
        if (chain.Broken is not { } broken) return lines;
        lines.Add(Line.Empty);
        lines.Add(new Line(($"{screen.Glyphs.Bad} {broken}", Tone.Bad)));
        return lines;
    }

    /// <param name="digests">The whole digest of each manifest on a line of its own; else its first digits.</param>
    public static IReadOnlyList<Line> Links(ChainView chain, Screen screen, bool digests)
    {
        var table = new Table(
            new("#", Right: true), new("CHECKPOINT"), new("KIND"), new("STORED", Right: true), new("SHARDS", Right: true), new("STATE"),
            new(digests ? "" : "MANIFEST"));
        for (var i = 0; i < chain.Links.Count; i++)
        {
            var link = chain.Links[i];
            table.Add(
                i.ToString(null, null), (link.Checkpoint.ToString(), Tone.Strong), Marks.Kind(link.Kind), Units.Bytes(link.StoredBytes),
                link.Shards.Count.ToString(null, null), Marks.Of(link.Phase, screen.Glyphs),
                (digests ? "" : link.ManifestHash?.Short ?? "not sealed", Tone.Dim));
        }

        var rows = table.Draw(screen, "  ");
        if (!digests) return rows;
        return
        [
            rows[0], .. chain.Links.SelectMany((link, i) => new[]
            {
                rows[i + 1], new Line(($"     {link.ManifestHash?.ToString() ?? "not sealed"}", Tone.Dim)).Fit(screen),
            }),
        ];
    }
}
