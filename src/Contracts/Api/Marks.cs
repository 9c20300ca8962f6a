using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Api;

// What people decide about a run and say of a checkpoint. Who says it is taken from the request, not from the body.
// PUT (PlaceTag) | DELETE /v1/runs/{run}/tags/{tag} → RunView · PUT …/policy (ChangePolicy) · PUT …/retention (ChangeRetention)
// POST …/rewinds (RewindRun) · POST …/archive (ArchiveRun) → RunView · POST …/forks (ForkRun) → RunView of the new run
// PUT (PinCheckpoint) | DELETE (UnpinCheckpoint) /v1/checkpoints/{run}/{generation}/{step}/pin → CheckpointView
// PUT (PlaceHold) | DELETE (LiftHold) …/holds/{hold} · POST …/metrics (RecordMetrics) · POST …/exports (RecordExport) → CheckpointView

/// <param name="Before">What the tag names until now; null: nothing, it is a new one. If it names something else, nothing is
/// changed.</param>
public sealed record PlaceTag(CheckpointId Checkpoint, CheckpointId? Before);

public sealed record ChangePolicy(SavePolicy Policy, string Reason);

/// <param name="Policy">Null: keep everything.</param>
public sealed record ChangeRetention(RetentionPolicy? Policy, string Reason);

/// <summary>The next recovery starts at <paramref name="To"/> or before; refused while a launcher holds the lease.</summary>
public sealed record RewindRun(CheckpointId To, string Reason);

/// <param name="Run">Name of the new run.</param>
/// <param name="From">A sealed checkpoint of the run in the address, on its history or not.</param>
/// <param name="Policy">Null: as that run saves now.</param>
/// <param name="Labels">Over the labels of that run; null: just those.</param>
public sealed record ForkRun(
    RunId Run, CheckpointId From, SavePolicy? Policy, IReadOnlyDictionary<string, string>? Labels, string Reason);

public sealed record ArchiveRun(string Reason);

/// <param name="Until">Null: for ever.</param>
public sealed record PinCheckpoint(string Reason, DateTimeOffset? Until);

public sealed record UnpinCheckpoint(string Reason);

public sealed record PlaceHold(string Reason);

public sealed record LiftHold(string Reason);

/// <param name="Metrics">By name; null for a value that is not a number or infinite. One beyond 2^53 is recorded as null too.</param>
public sealed record RecordMetrics(IReadOnlyDictionary<string, double?> Metrics);

/// <param name="Format">For example <c>safetensors</c>.</param>
/// <param name="Target">Where to, as the exporter names it.</param>
/// <param name="Digest">Of what was written; what it covers is the exporter's to say.</param>
public sealed record RecordExport(string Format, string Target, long Bytes, ContentHash? Digest);

/// <param name="Until">Null: for ever. A pin whose time is up holds nothing any more.</param>
public sealed record PinView(ActorId By, string Reason, DateTimeOffset? Until, DateTimeOffset At);

public sealed record HoldView(string Hold, ActorId By, string Reason, DateTimeOffset At);

public sealed record RewindView(CheckpointId To, Generation Generation, string Reason, DateTimeOffset At);

public sealed record ArchiveView(string Reason, DateTimeOffset At);

/// <summary>An export as it was recorded.</summary>
public sealed record ExportView(ActorId By, string Format, string Target, long Bytes, ContentHash? Digest, DateTimeOffset At);
