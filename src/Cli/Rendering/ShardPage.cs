using System.Globalization;
using Lineage.Agents.Inspecting;
using Lineage.Contracts.Events;

namespace Lineage.Cli.Rendering;

/// <summary>What lies in a shard file, and the shape of its JSON.</summary>
/// <param name="ChunkList">Null unless asked for.</param>
/// <param name="Check">Null unless asked for.</param>
internal sealed record ShardFileView(ShardContents Shard, IReadOnlyList<ChunkContents>? ChunkList, ShardCheck? Check);

/// <summary><c>lineage shard inspect FILE</c>.</summary>
internal static class ShardPage
{
    public static IReadOnlyList<Line> Draw(ShardFileView view, Screen screen)
    {
        var shard = view.Shard;
        var lines = new List<Line>
        {
            new Line(
                (shard.Shard.Checkpoint.ToString(), Tone.Strong), $" {screen.Glyphs.Dot} rank {shard.Shard.Rank} of {shard.WorldSize}",
                $" {screen.Glyphs.Dot} {(shard.Base is null ? "full" : "delta")}",
                $" {screen.Glyphs.Dot} {Units.Bytes(shard.StoredBytes)} stored of {Units.Bytes(shard.RawBytes)} raw " +
                $"({Units.Ratio(shard.StoredBytes, shard.RawBytes, screen.Glyphs)})").Fit(screen),
            Line.Empty,
        };
        lines.AddRange(Facts(shard, screen));
        lines.Add(Line.Empty);
        lines.AddRange(view.ChunkList is { } chunks ? Chunks(chunks, screen) : Tensors(shard, screen));
        if (view.Check is not { } check) return lines;
        lines.Add(Line.Empty);
        lines.AddRange(Checked(shard, check, screen));
        return lines;
    }

    static IReadOnlyList<Line> Facts(ShardContents shard, Screen screen)
    {
        var facts = new FactList();
        facts.Add("file", shard.File);
        facts.Add("base", shard.Base is { } link
            ? $"{link.Checkpoint} (manifest {link.ManifestHash.Short}, shard root {link.ShardRoot.Short})"
            : "none: needs no other shard");
        facts.Add("codec", $"{shard.Codec.Name} {shard.Codec.Version}");
        facts.Add(
            "chunks", $"{Units.Count(shard.Chunks, "chunk")} of up to {Units.Count(shard.ChunkElements, "element")}, " +
            $"{Units.Bytes(shard.EncodedBytes)} encoded");
        var modes = shard.Tensors.SelectMany(static tensor => tensor.Modes).GroupBy(static mode => mode.Mode)
            .Select(static group => (Marks.Mode(group.Key), group.Sum(static mode => mode.Chunks)));
        facts.Add("modes", Marks.Modes(modes));
        facts.Add("layout", shard.LayoutDigest.ToString());
        facts.Add("root", shard.Root.ToString());
        return facts.Draw(screen);
    }

    static IReadOnlyList<Line> Tensors(ShardContents shard, Screen screen)
    {
        var table = new Table(
            new("TENSOR"), new("TYPE"), new("SHAPE"), new("RECTANGLE"), new("ROLE"), new("RAW", Right: true), new("STORED", Right: true),
            new("RATIO", Right: true), new("CHUNKS"));
        foreach (var tensor in shard.Tensors)
        {
            table.Add(
                (tensor.Name, Tone.Strong), tensor.Dtype.ToString(), Marks.Shape(tensor.GlobalShape), Rectangle(tensor),
                System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(tensor.Role.ToString()), Units.Bytes(tensor.RawBytes),
                Units.Bytes(tensor.StoredBytes), Units.Ratio(tensor.StoredBytes, tensor.RawBytes, screen.Glyphs),
                Marks.Modes(tensor.Modes.Select(static mode => (Marks.Mode(mode.Mode), mode.Chunks))));
        }

        return table.Draw(screen, "  ");
    }

    /// <summary>"whole", or the rows and columns as slices: <c>[128:256, :]</c>.</summary>
    static string Rectangle(TensorContents tensor)
    {
        var cuts = tensor.GlobalShape.Select((whole, d) => tensor.Offsets[d] == 0 && tensor.Sizes[d] == whole
            ? ":"
            : string.Create(CultureInfo.InvariantCulture, $"{tensor.Offsets[d]}:{tensor.Offsets[d] + tensor.Sizes[d]}")).ToArray();
        return Array.TrueForAll(cuts, static cut => cut == ":") ? "whole" : $"[{string.Join(", ", cuts)}]";
    }

    static IReadOnlyList<Line> Chunks(IReadOnlyList<ChunkContents> chunks, Screen screen)
    {
        var table = new Table(
            new("#", Right: true), new("TENSOR"), new("CHUNK", Right: true), new("MODE"), new("OFFSET", Right: true),
            new("RAW", Right: true), new("STORED", Right: true), new("RAW HASH"), new("STORED SHA-256"));
        foreach (var chunk in chunks)
        {
            table.Add(
                Plain(chunk.Chunk), (chunk.Tensor, Tone.Strong), Plain(chunk.Ordinal), Marks.Mode(chunk.Mode), Plain(chunk.StoredOffset),
                Plain(chunk.RawBytes), Plain(chunk.StoredBytes), (chunk.RawHash, Tone.Dim), (chunk.StoredDigest.Short, Tone.Dim));
        }

        return table.Draw(screen, "  ");
    }

    static string Plain(long value) => value.ToString(CultureInfo.InvariantCulture);

    static IEnumerable<Line> Checked(ShardContents shard, ShardCheck check, Screen screen)
    {
        foreach (var chunk in check.Damaged)
            yield return new Line("  ", ($"{screen.Glyphs.Bad} {chunk.Detail}", Tone.Bad)).Fit(screen);
        if (check.DamagedChunks > check.Damaged.Count)
            yield return new Line($"  and {Units.Count(check.DamagedChunks - check.Damaged.Count, "more damaged chunk")}");
        var found = CheckpointPage.Found(check.Finding, screen.Glyphs);
        yield return new Line(
            found, $": {Said(shard, check)}",
            ($"; {Units.Bytes(check.ReadBytes)} read", Tone.Dim)).Fit(screen);
        if (check is { Finding: Finding.Unknown, DamagedChunks: 0 })
            yield return new Line("  ", ("next: ", Tone.Dim), ("give the base shards with --base FILE", Tone.Accent));
    }

    static string Said(ShardContents shard, ShardCheck check) => check.Finding switch
    {
        Finding.Intact => $"{Units.Count(check.Decoded, "chunk")} decoded to what was captured",
        Finding.Unknown => check.Why ?? "",
        _ => $"{check.DamagedChunks:N0} of {Units.Count(shard.Chunks, "chunk")} damaged",
    };
}
