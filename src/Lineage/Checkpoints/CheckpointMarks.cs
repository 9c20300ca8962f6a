using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Lineage.Contracts.Events;

namespace Lineage.Checkpoints;

/// <summary>What was said of a checkpoint after it was sealed. Immutable.</summary>
/// <param name="Pin">The newest pin; null when unpinned. Whether it still holds is a question of the time.</param>
/// <param name="Holds">Legal holds by name.</param>
/// <param name="Metrics">Values by name; null for a value that is not finite.</param>
/// <param name="Exports">Times that its state was written out in another format.</param>
/// <param name="Lifted">Names of holds that were lifted and not placed again, so that lifting one twice is no error; null while there are
/// none.</param>
public sealed record CheckpointMarks(
    CheckpointPinned? Pin, ImmutableSortedDictionary<string, HoldPlaced> Holds, ImmutableSortedDictionary<string, double?> Metrics,
    ImmutableList<CheckpointExported> Exports,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ImmutableSortedSet<string>? Lifted = null)
{
    [JsonIgnore]
    public static CheckpointMarks None { get; } = new(
        Pin: null, ImmutableSortedDictionary.Create<string, HoldPlaced>(StringComparer.Ordinal),
        ImmutableSortedDictionary.Create<string, double?>(StringComparer.Ordinal), []);

    public bool IsPinned(DateTimeOffset now) => Pin is { Until: var until } && (until is null || until > now);

    public static CheckpointMarks Fold(CheckpointMarks state, object @event) => @event switch
    {
        CheckpointPinned e => state with { Pin = e },
        CheckpointUnpinned => state with { Pin = null },
        HoldPlaced e => state with { Holds = state.Holds.SetItem(e.Hold, e), Lifted = state.Lifted?.Remove(e.Hold) },
        HoldLifted e => state with { Holds = state.Holds.Remove(e.Hold), Lifted = (state.Lifted ?? []).Add(e.Hold) },
        MetricsRecorded e => state with { Metrics = e.Metrics.Aggregate(state.Metrics, static (all, m) => all.SetItem(m.Name, m.Value)) },
        CheckpointExported e => state with { Exports = state.Exports.Add(e) },
        _ => state,
    };
}

/// <summary>Where a checkpoint stands between expiry and the deletion of its bytes.</summary>
/// <param name="Expired">Null for an abandoned save, whose bytes are reclaimed without expiry.</param>
/// <param name="ReclaimStarted">From here on there is no undo.</param>
public sealed record CheckpointEnding(CheckpointExpired? Expired, ReclaimStarted? ReclaimStarted, ShardsReclaimed? Reclaimed)
{
    /// <summary>Null after expiry was undone.</summary>
    public static CheckpointEnding? Fold(CheckpointEnding? state, object @event) => @event switch
    {
        CheckpointExpired e => new CheckpointEnding(e, ReclaimStarted: null, Reclaimed: null),
        ExpiryUndone => null,
        ReclaimStarted e => (state ?? Nothing) with { ReclaimStarted = e },
        ShardsReclaimed e => (state ?? Nothing) with { Reclaimed = e },
        _ => state,
    };

    static CheckpointEnding Nothing => new(Expired: null, ReclaimStarted: null, Reclaimed: null);
}
