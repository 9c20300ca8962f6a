using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Api;

// GET /v1/checkpoints/{run}/{generation}/{step}/blast-radius?limit=&after= → BlastRadius
// GET /v1/checkpoints/{run}/{generation}/{step}/restores?limit=&after= → Page<Restoration> · GET /v1/runs/{run}/restores → same
// GET /v1/saves/incomplete?run=&abandoned=&limit=&after= → Page<IncompleteSave>

/// <summary>A checkpoint that cannot be rebuilt without another one.</summary>
/// <param name="Phase">Null when the row is not there yet.</param>
/// <param name="Distance">Deltas between it and the damaged one: 1 refers to it directly.</param>
public sealed record Dependant(CheckpointId Checkpoint, CheckpointPhase? Phase, int Distance);

public sealed record PhaseCount(CheckpointPhase Phase, long Count);

/// <summary>What else hangs on a checkpoint: a run that goes on from it, a recovery that is restoring it right now, what was written out of
/// it, who keeps it, and what names it.</summary>
public enum AffectedKind { Fork, Restore, Export, Hold, Pin, Tag }

/// <param name="Checkpoint">The affected checkpoint that it hangs on.</param>
/// <param name="Name">Of a fork its run, of a restore its recovery, of an export the version of its event, else who or what it is
/// called.</param>
public sealed record Affected(AffectedKind Kind, CheckpointId Checkpoint, string Name);

public sealed record AffectedCount(AffectedKind Kind, long Count);

/// <summary>Everything that is lost or in doubt when a checkpoint's stored bytes are damaged.</summary>
/// <param name="Count">Dependants along base edges, transitively.</param>
/// <param name="Depth">Of the farthest one.</param>
/// <param name="IsWhole">False: counting ended at its bound, and there are more.</param>
/// <param name="AffectedBy">How many of each kind hang on the checkpoint or on a dependant.</param>
/// <param name="Affected">The first of them.</param>
/// <param name="Dependants">One page, nearest first.</param>
/// <param name="Next">For <c>?after=</c>; null on the last page.</param>
/// <param name="Why">For people: what this means.</param>
public sealed record BlastRadius(
    CheckpointId Checkpoint, CheckpointPhase Phase, long Count, int Depth, bool IsWhole, IReadOnlyList<PhaseCount> Phases,
    IReadOnlyList<AffectedCount> AffectedBy, IReadOnlyList<Affected> Affected, IReadOnlyList<Dependant> Dependants, string? Next,
    string Why);

public enum RestorationKind { Recovery, Export }

/// <summary>Restoring: under way. Discarded: another point was chosen within the same recovery. Written: an export.</summary>
public enum RestorationOutcome { Restoring, Completed, Failed, Discarded, Written }

/// <summary>Somebody restored a checkpoint, or wrote its state out.</summary>
/// <param name="Name">Of a recovery <c>run/generation</c>, of an export the version of its event in the checkpoint's stream.</param>
/// <param name="Checkpoint">Null: the initial state, or nothing could be chosen.</param>
/// <param name="Why">What made a recovery necessary; in which format an export was.</param>
/// <param name="Detail">For people: what came of it.</param>
/// <param name="LostSteps">Steps to do again; null for an export, or if it is not known.</param>
/// <param name="ReadBytes">Bytes that were read so far, or written by an export.</param>
public sealed record Restoration(
    RestorationKind Kind, string Name, CheckpointId? Checkpoint, ActorId Actor, DateTimeOffset At, DateTimeOffset? EndedAt, string Why,
    RestorationOutcome Outcome, string Detail, long? LostSteps, long ReadBytes);

/// <summary>A save that is not closed, or was closed without all its shards.</summary>
/// <param name="EncodedRanks">Missing ranks that are known to have encoded their shard: they got as far as storing it.</param>
/// <param name="SilentRanks">Missing ranks of which nothing was heard.</param>
/// <param name="LastHeardAt">When the newest durable shard was reported; null if none was.</param>
/// <param name="Cause">Why it was abandoned; null while it is open.</param>
public sealed record IncompleteSave(
    CheckpointId Checkpoint, CheckpointPhase Phase, WorldSize WorldSize, int Copies, IReadOnlyList<Rank> EncodedRanks,
    IReadOnlyList<Rank> SilentRanks, DateTimeOffset OpenedAt, DateTimeOffset Deadline, DateTimeOffset? LastHeardAt, string? Cause);
