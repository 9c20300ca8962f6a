using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Restores;

/// <summary>State of a recovery, folded from its stream. Immutable.</summary>
/// <param name="Choice">The newest choice; null if none could be made.</param>
/// <param name="Restored">Ranks that hold the chosen state again; emptied by a new choice.</param>
public sealed record Recovery(
    RecoveryStarted Started, RecoveryPhase Phase, RestorePointChosen? Choice, ImmutableSortedDictionary<Rank, RankRestored> Restored,
    RecoveryCompleted? Completed, RecoveryFailed? Failed)
{
    [JsonIgnore]
    public RecoveryId Id => Started.Recovery;

    /// <summary>The chosen checkpoint; null for the initial state or when there is no choice.</summary>
    [JsonIgnore]
    public CheckpointId? Chosen => Choice?.Chosen;

    /// <summary>1 for the first choice; 0 if none was made.</summary>
    [JsonIgnore]
    public int Attempt => Choice?.Attempt ?? 0;

    /// <summary>Folds one event. Events of other streams pass through.</summary>
    /// <exception cref="InvalidOperationException">The stream does not begin with <see cref="RecoveryStarted"/>: the store is
    /// damaged.</exception>
    public static Recovery? Fold(Recovery? state, object @event) => @event switch
    {
        RecoveryStarted e => new Recovery(
            e, RecoveryPhase.Restoring, Choice: null, ImmutableSortedDictionary<Rank, RankRestored>.Empty, Completed: null, Failed: null),
        RestorePointChosen e => Begun(state, e) with { Choice = e, Restored = ImmutableSortedDictionary<Rank, RankRestored>.Empty },
        RankRestored e => Begun(state, e) with { Restored = state!.Restored.SetItem(e.Rank, e) },
        RecoveryCompleted e => Begun(state, e) with { Phase = RecoveryPhase.Completed, Completed = e },
        RecoveryFailed e => Begun(state, e) with { Phase = RecoveryPhase.Failed, Failed = e },
        _ => state,
    };

    static Recovery Begun(Recovery? state, object @event) =>
        state ?? throw new InvalidOperationException($"{@event.GetType().Name} before RecoveryStarted: the recovery's stream is damaged.");
}
