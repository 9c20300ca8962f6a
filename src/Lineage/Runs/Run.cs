using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Runs;

/// <summary>What the stream says of the newest lease. Whether it still runs is a question to the lease row, which renewals move.</summary>
public enum LeasePhase { None, Held, Expired, Released }

/// <summary>State of a run, folded from <c>run/{run}</c>. Immutable.</summary>
/// <param name="Generation">Newest granted; 0 if none. Only grows.</param>
/// <param name="Holder">Holder of the newest lease, also after it ended; null if none was granted.</param>
/// <param name="Joined">Ranks that joined under <paramref name="Generation"/>.</param>
/// <param name="Refusals">Keys of the recorded stale refusals (see <see cref="RunDecider"/>), so that each is recorded once.</param>
/// <param name="Completed">Set when training reached its last step.</param>
/// <param name="Origin">The checkpoint of another run that this one goes on from; null for a run of its own.</param>
/// <param name="Retention">Null: keep everything.</param>
/// <param name="Tags">Checkpoints by the name that people gave them; null while there are none.</param>
/// <param name="Rewound">Every rewind, oldest first; null while there is none.</param>
/// <param name="Untagged">Names that were taken away and not given again, so that taking one away twice is no error; null while there are
/// none.</param>
public sealed record Run(
    RunId Id, SavePolicy Policy, IReadOnlyDictionary<string, string> Labels, DateTimeOffset RegisteredAt, Generation Generation,
    LeasePhase Lease,
    ActorId? Holder, WorldSize? WorldSize, int LeaseSeconds, DateTimeOffset? GrantedAt, ImmutableSortedDictionary<Rank, RankJoined> Joined,
    ImmutableList<string> Refusals, RunCompleted? Completed,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] CheckpointId? Origin = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] RetentionPolicy? Retention = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ImmutableSortedDictionary<string, CheckpointId>? Tags = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ImmutableList<RunRewound>? Rewound = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] RunArchived? Archived = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ImmutableSortedSet<string>? Untagged = null)
{
    public bool IsHeldBy(ActorId holder) => Lease == LeasePhase.Held && Holder == holder;

    /// <summary>Folds one event (not named Evolve: the event store's source generator claims that name). Events of other streams pass
    /// through.</summary>
    /// <exception cref="InvalidOperationException">The stream does not begin with <see cref="RunRegistered"/>: the store is
    /// damaged.</exception>
    public static Run? Fold(Run? state, object @event) => @event switch
    {
        RunRegistered e => New(e.Run, e.Policy, e.Labels, e.At),
        RunForked e => New(e.Run, e.Policy, e.Labels, e.At) with { Origin = e.From },
        LeaseGranted e => Begun(state, e) with
        {
            Generation = e.Generation,
            Lease = LeasePhase.Held,
            Holder = e.Holder,
            WorldSize = e.WorldSize,
            LeaseSeconds = e.LeaseSeconds,
            GrantedAt = e.At,
            Joined = ImmutableSortedDictionary<Rank, RankJoined>.Empty,
        },
        RankJoined e when Begun(state, e).Generation == e.Generation => state! with { Joined = state.Joined.SetItem(e.Rank, e) },
        LeaseExpired e when Begun(state, e).Generation == e.Generation => state! with { Lease = LeasePhase.Expired },
        LeaseReleased e when Begun(state, e).Generation == e.Generation => state! with { Lease = LeasePhase.Released },
        StaleGenerationRefused e => Begun(state, e) with { Refusals = state!.Refusals.Add(StaleRefusals.Key(e)) },
        RunCompleted e => Begun(state, e) with { Completed = e, Lease = LeasePhase.Released },
        PolicyChanged e => Begun(state, e) with { Policy = e.Policy },
        RetentionChanged e => Begun(state, e) with { Retention = e.Policy },
        RunRewound e => Begun(state, e) with { Rewound = (state!.Rewound ?? []).Add(e) },
        RunArchived e => Begun(state, e) with { Archived = e },
        TagPlaced e => Begun(state, e) with
        {
            Tags = (state!.Tags ?? NoTags).SetItem(e.Tag, e.Checkpoint),
            Untagged = state.Untagged?.Remove(e.Tag),
        },
        TagRemoved e => Begun(state, e) with { Tags = state!.Tags?.Remove(e.Tag), Untagged = (state.Untagged ?? []).Add(e.Tag) },
        _ => state,
    };

    static ImmutableSortedDictionary<string, CheckpointId> NoTags =>
        ImmutableSortedDictionary.Create<string, CheckpointId>(StringComparer.Ordinal);

    static Run New(RunId run, SavePolicy policy, IReadOnlyDictionary<string, string> labels, DateTimeOffset at) => new(
        run, policy, labels, at, default, LeasePhase.None, Holder: null, WorldSize: null, 0, GrantedAt: null,
        ImmutableSortedDictionary<Rank, RankJoined>.Empty, [], Completed: null);

    /// <summary>What to show of the run; <paramref name="restoring"/> says whether the recovery of the current generation is under
    /// way.</summary>
    public RunPhase PhaseWhile(bool restoring) => this switch
    {
        { Completed: not null } => RunPhase.Completed,
        { Lease: LeasePhase.None } => RunPhase.Registered,
        { Lease: LeasePhase.Held } when restoring => RunPhase.Recovering,
        { Lease: LeasePhase.Held } => RunPhase.Running,
        { Lease: LeasePhase.Released } => RunPhase.Stopped,
        _ => RunPhase.Idle,
    };

    static Run Begun(Run? state, object @event) =>
        state ?? throw new InvalidOperationException($"{@event.GetType().Name} before RunRegistered: the run's stream is damaged.");
}
