using System.Globalization;
using Lineage.Contracts.Events;
using static Lineage.Narration.Quantities;

namespace Lineage.Narration;

/// <summary>What became of a checkpoint after it was sealed, in one line.</summary>
static class Afterlife
{
    /// <summary>More metrics are counted, not listed.</summary>
    const int MetricsMax = 6;

    public static string Line(object @event) => @event switch
    {
        CheckpointPinned e => $"pinned by {e.Actor}{(e.Until is { } until ? $" until {until:yyyy-MM-dd}" : "")}: {e.Reason}",
        CheckpointUnpinned e => $"unpinned by {e.Actor}: {e.Reason}",
        HoldPlaced e => $"legal hold {e.Hold} placed by {e.Actor}: {e.Reason}",
        HoldLifted e => $"legal hold {e.Hold} lifted by {e.Actor}: {e.Reason}",
        MetricsRecorded e => $"metrics: {string.Join(", ", e.Metrics.Take(MetricsMax).Select(static m => $"{m.Name} {Value(m.Value)}"))}"
            + (e.Metrics.Count > MetricsMax ? $" and {Number(e.Metrics.Count - MetricsMax)} more" : ""),
        CheckpointExpired e => $"expired: {e.Rule}; its bytes stay until {e.ReclaimAfter:yyyy-MM-dd HH:mm} UTC",
        ExpiryUndone e => $"expiry undone by {e.Actor}: {e.Reason}",
        ReclaimStarted e => $"reclaim begun by {e.Keeper}",
        ShardsReclaimed e => $"{Narrator.Ranks(e.Ranks)} reclaimed: {Bytes(e.Bytes)} freed in {e.Tier}",
        CheckpointRebased e => $"rebased {(e.Base is { } edge ? $"on {edge.Checkpoint}" : "to full")}: {Bytes(e.StoredBytes)} stored "
            + $"(manifest {e.ManifestHash.Short}…): {e.Reason}",
        CheckpointExported e => $"exported by {e.Actor} as {e.Format} to {e.Target}: {Bytes(e.Bytes)}",
        _ => throw new ArgumentOutOfRangeException(nameof(@event), @event.GetType(), "Not an event of a checkpoint's later life."),
    };

    static string Value(double? value) => value?.ToString("G6", CultureInfo.InvariantCulture) ?? "not a number";
}
