using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Rendering;

/// <summary>The words and signs that every page uses for a checkpoint.</summary>
internal static class Marks
{
    public static string Short(CheckpointId id) => $"{id.Run}@{id.Step}";

    public static string Kind(CheckpointKind kind) => kind is CheckpointKind.Full ? "full" : "delta";

    public static Piece Of(CheckpointView view, Glyphs glyphs) => Of(view.Phase, glyphs);

    public static Piece Of(CheckpointPhase phase, Glyphs glyphs) => phase switch
    {
        CheckpointPhase.Verified => ($"{glyphs.Verified} verified", Tone.Good),
        CheckpointPhase.Quarantined => ($"{glyphs.Bad} quarantined", Tone.Bad),
        CheckpointPhase.Abandoned => ($"{glyphs.Abandoned} abandoned", Tone.Warn),
        CheckpointPhase.Sealed => ($"{glyphs.Pending} unverified", Tone.Plain),
        CheckpointPhase.Expired => ($"{glyphs.Abandoned} expired", Tone.Warn),
        CheckpointPhase.Reclaimed => ($"{glyphs.Abandoned} reclaimed", Tone.Warn),
        _ => ($"{glyphs.Pending} open", Tone.Plain),
    };

    public static string Stored(CheckpointView view, Glyphs glyphs) => view.StoredBytes > 0 ? Units.Bytes(view.StoredBytes) : glyphs.None;

    public static string Ratio(CheckpointView view, Glyphs glyphs) => Units.Ratio(view.StoredBytes, view.RawBytes, glyphs);

    /// <summary>Ranks whose shard is durable, of those expected.</summary>
    public static string Ranks(CheckpointView view) => $"{view.WorldSize.Value - view.MissingRanks.Count}/{view.WorldSize}";

    /// <summary>Why it is not what it should be; empty when there is nothing to say.</summary>
    public static string Cause(CheckpointView view) => view switch
    {
        { Phase: CheckpointPhase.Abandoned, MissingRanks.Count: > 0 } => $"missing {Ranks(view.MissingRanks)}: {view.Cause}",
        { Phase: CheckpointPhase.Open, MissingRanks.Count: > 0 } => $"waiting for {Ranks(view.MissingRanks)}",
        { Phase: CheckpointPhase.Open or CheckpointPhase.Sealed or CheckpointPhase.Verified } => "",
        _ => view.Cause ?? "",
    };

    /// <summary>Only the modes that occur, most used first.</summary>
    public static string Modes(IEnumerable<(string Name, long Chunks)> modes)
    {
        var used = modes.Where(static mode => mode.Chunks > 0).OrderByDescending(static mode => mode.Chunks).ToArray();
        return used.Length == 0 ? "none" : string.Join(", ", used.Select(static mode => $"{mode.Chunks:N0} {mode.Name}"));
    }

    public static string Mode(ChunkMode mode) => JsonNamingPolicy.KebabCaseLower.ConvertName(mode.ToString());

    public static string Shape(IReadOnlyList<long> shape) => shape.Count == 0 ? "scalar" : string.Join('x', shape);

    /// <summary>"rank 2", "ranks 0-3, 7".</summary>
    public static string Ranks(IReadOnlyList<Rank> ranks)
    {
        var parts = new List<string>();
        var sorted = ranks.Order().ToArray();
        for (var i = 0; i < sorted.Length;)
        {
            var last = i;
            while (last + 1 < sorted.Length && sorted[last + 1].Value == sorted[last].Value + 1) last++;
            parts.Add(last - i >= 2 ? $"{sorted[i]}-{sorted[last]}" : string.Join(", ", sorted[i..(last + 1)]));
            i = last + 1;
        }

        return $"{(sorted.Length == 1 ? "rank" : "ranks")} {string.Join(", ", parts)}";
    }

    /// <summary>The reason and its detail, without saying the same twice.</summary>
    public static string Because(RejectedCandidate candidate) =>
        candidate.Detail.StartsWith(Reason(candidate.Reason), StringComparison.OrdinalIgnoreCase)
            ? candidate.Detail
            : $"{Reason(candidate.Reason)}: {candidate.Detail}";

    public static string Reason(RejectionReason reason) => reason switch
    {
        RejectionReason.NotSealed => "not sealed",
        RejectionReason.Abandoned => "abandoned",
        RejectionReason.NotVerified => "not verified",
        RejectionReason.Quarantined => "quarantined",
        RejectionReason.ChainBroken => "chain broken",
        RejectionReason.OtherWorldSize => "other world size",
        RejectionReason.OffHistory => "off history",
        RejectionReason.AfterRequestedStep => "after the step asked for",
        RejectionReason.Expired => "expired",
        RejectionReason.NoMetric => "no such metric",
        RejectionReason.InsideSpike => "inside the loss spike",
        RejectionReason.ComponentsLost => "components lost",
        _ => reason.ToString(),
    };
}
