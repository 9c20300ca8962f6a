using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Events;

// The life of a run: stream run/{run}. Times are the service's clock, UTC, for people; order comes from the stream version only.

/// <summary>The run exists and has a save policy; it has no writer yet.</summary>
/// <param name="Labels">What the user said of the run (model, corpus, seed …); searched, never interpreted.</param>
public sealed record RunRegistered(RunId Run, SavePolicy Policy, IReadOnlyDictionary<string, string> Labels, DateTimeOffset At);

/// <summary>One holder may write the run from now on, under this generation; everything older is fenced.</summary>
/// <remarks>If the holder dies right after this event, the lease runs out and the next recovery grants the next generation; nothing is
/// lost.</remarks>
/// <param name="LeaseSeconds">Validity without renewal. Renewals are rows, not events.</param>
public sealed record LeaseGranted(
    RunId Run, Generation Generation, ActorId Holder, WorldSize WorldSize, int LeaseSeconds, DateTimeOffset At);

/// <summary>A training process of this generation has reported in.</summary>
public sealed record RankJoined(RunId Run, Generation Generation, Rank Rank, string Host, int ProcessId, DateTimeOffset At);

/// <summary>The holder stopped renewing; the run has no writer until the next lease.</summary>
public sealed record LeaseExpired(RunId Run, Generation Generation, ActorId Holder, DateTimeOffset At);

/// <summary>The holder gave the lease back, for example at an orderly stop.</summary>
public sealed record LeaseReleased(RunId Run, Generation Generation, ActorId Holder, string Reason, DateTimeOffset At);

/// <summary>Someone of an older generation tried to write and was refused; nothing changed.</summary>
/// <remarks>Recorded once per (presented generation, rank, attempt, checkpoint), so that a zombie cannot flood the stream.</remarks>
/// <param name="Attempt">What was refused, for example <c>open-checkpoint</c>, <c>store-shard</c>, <c>join</c>, <c>renew-lease</c>.</param>
public sealed record StaleGenerationRefused(
    RunId Run, Generation Presented, Generation Current, ActorId Actor, Rank? Rank, string Attempt, CheckpointId? Checkpoint,
    DateTimeOffset At);

/// <summary>Training reached its last step and every save is closed.</summary>
/// <param name="StateDigest">SHA-256 over the state digests of all ranks, in rank order; null if the trainer takes none.</param>
public sealed record RunCompleted(RunId Run, Generation Generation, Step FinalStep, ContentHash? StateDigest, DateTimeOffset At);
