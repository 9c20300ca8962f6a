using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;

namespace Lineage.Cli.Rendering;

/// <summary><c>lineage show REF</c>: everything on record of one checkpoint, rank by rank, and its life as events.</summary>
internal static class CheckpointPage
{
    public static IReadOnlyList<Line> Draw(CheckpointView view, IReadOnlyList<LogEntry> events, Screen screen,
        IReadOnlyList<string>? tags = null)
    {
        var dot = $" {screen.Glyphs.Dot} ";
        var lines = new List<Line>
        {
            new Line(
                (Marks.Short(view.Checkpoint), Tone.Strong), dot, $"generation {view.Checkpoint.Generation}", dot, Marks.Kind(view.Kind),
                dot, Marks.Of(view, screen.Glyphs)).Fit(screen),
        };
        if (Marks.Cause(view) is { Length: > 0 } cause) lines.Add(new Line("  ", (cause, Marks.Of(view, screen.Glyphs).Tone)));
        lines.Add(Line.Empty);
        lines.AddRange(Facts(view, tags ?? [], screen));
        lines.Add(Line.Empty);
        lines.AddRange(Shards(view, screen));
        if (events.Count == 0) return lines;
        lines.Add(Line.Empty);
        lines.Add(new Line(("Events", Tone.Strong)));
        lines.AddRange(LogPage.Draw(events, screen, withStream: false));
        return lines;
    }

    static IReadOnlyList<Line> Facts(CheckpointView view, IReadOnlyList<string> tags, Screen screen)
    {
        var facts = new FactList();
        facts.Add("id", view.Checkpoint.ToString());
        facts.Add("parent", view.Parent?.ToString() ?? "none: the first of its run");
        facts.Add("base", view.Base is { } link
            ? $"{link.Checkpoint} (manifest {link.ManifestHash.Short}, depth {link.Depth})"
            : "none: needs no other checkpoint");
        facts.Add("chain", view.ChainDepth == 0 ? "itself" : $"{Units.Count(view.ChainDepth, "delta")} on a full checkpoint");
        facts.Add("size", Size(view, screen));
        facts.Add("ranks", $"{Marks.Ranks(view)} stored");
        facts.Add("layout", view.LayoutDigest.ToString());
        facts.Add("manifest", view.ManifestHash?.ToString() ?? "none: not sealed");
        facts.Add("opened", When(view.OpenedAt, screen));
        facts.Add("deadline", Units.Moment(view.Deadline));
        if (view.ClosedAt is { } closed)
        {
            var word = view.Phase is CheckpointPhase.Abandoned ? "abandoned" : "sealed";
            facts.Add(word, $"{When(closed, screen)}, {Units.Duration(closed - view.OpenedAt)} after it was opened");
        }

        if (view.VerifiedAt is { } verified) facts.Add("verified", When(verified, screen));
        MarkPage.AddTo(facts, view, tags, screen);
        facts.Add("version", $"{view.Version} of stream {view.Checkpoint.StreamKey}");
        return facts.Draw(screen);
    }

    static string Size(CheckpointView view, Screen screen) => view.StoredBytes == 0
        ? "nothing stored yet"
        : $"{Units.Bytes(view.StoredBytes)} stored of {Units.Bytes(view.RawBytes)} captured ({Marks.Ratio(view, screen.Glyphs)})";

    static string When(DateTimeOffset at, Screen screen) => $"{Units.Moment(at)} ({Units.Age(at, screen.Now)})";

    static IReadOnlyList<Line> Shards(CheckpointView view, Screen screen)
    {
        var table = new Table(
            new("RANK", Right: true), new("RAW", Right: true), new("STORED", Right: true), new("RATIO", Right: true),
            new("STALL", Right: true), new("ENCODE", Right: true), new("CHUNKS"), new("FINDING"), new("ROOT"), new("DETAIL"));
        foreach (var shard in view.Shards.OrderBy(static shard => shard.Rank))
        {
            var none = screen.Glyphs.None;
            var raw = shard.Diffed?.RawBytes;
            table.Add(
                shard.Rank.ToString(), raw is { } bytes ? Units.Bytes(bytes) : none,
                shard.Stored is { } stored ? Units.Bytes(stored.StoredBytes) : ("missing", Tone.Warn),
                shard.Stored is { } kept && raw is { } of ? Units.Ratio(kept.StoredBytes, of, screen.Glyphs) : none,
                shard.Diffed is { } diff ? Units.Microseconds(diff.StallMicroseconds) : none,
                shard.Diffed is { } encoded ? Units.Microseconds(encoded.EncodeMicroseconds) : none,
                shard.Diffed is { } counted ? Modes(counted.Modes) : none,
                Found(shard.Verified, screen), (shard.Stored?.Root.Short ?? none, Tone.Dim), (shard.Verified?.Detail ?? "", Tone.Bad));
        }

        foreach (var rank in view.MissingRanks.Where(rank => view.Shards.All(shard => shard.Rank != rank)))
            table.Add(rank.ToString(), screen.Glyphs.None, ("missing", Tone.Warn));
        return table.Draw(screen, "  ");
    }

    /// <summary>Only the modes that occur, most used first: "38 delta-planes, 4 same".</summary>
    public static string Modes(ChunkModeCounts modes) =>
        Marks.Modes(modes.ByMode().Select(static m => (JsonNamingPolicy.KebabCaseLower.ConvertName(m.Mode.ToString()), m.Count)));

    public static Piece Found(ShardVerified? verified, Screen screen) => verified is null
        ? (screen.Glyphs.None, Tone.Dim)
        : Found(verified.Finding, screen.Glyphs);

    public static Piece Found(Finding finding, Glyphs glyphs) => finding switch
    {
        Finding.Intact => ($"{glyphs.Verified} intact", Tone.Good),
        Finding.Unknown => ("? unknown", Tone.Warn),
        _ => ($"{glyphs.Bad} {finding.ToString().ToLowerInvariant()}", Tone.Bad),
    };

    public static IReadOnlyList<Line> List(IReadOnlyList<CheckpointView> views, Screen screen)
    {
        if (views.Count == 0) return [new Line(("No checkpoint was saved yet.", Tone.Dim))];
        var table = new Table(
            new("CHECKPOINT"), new("KIND"), new("STORED", Right: true), new("RATIO", Right: true), new("RANKS"), new("STATE"),
            new("OPENED"), new("CAUSE"));
        foreach (var view in views)
        {
            var mark = Marks.Of(view, screen.Glyphs);
            table.Add(
                (view.Checkpoint.ToString(), Tone.Strong), Marks.Kind(view.Kind), Marks.Stored(view, screen.Glyphs),
                Marks.Ratio(view, screen.Glyphs),
                Marks.Ranks(view), mark, (Units.Age(view.OpenedAt, screen.Now), Tone.Dim), (Marks.Cause(view), mark.Tone));
        }

        return table.Draw(screen);
    }
}
