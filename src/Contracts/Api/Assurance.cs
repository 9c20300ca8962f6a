using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Api;

// GET /v1/runs/{run}/continuity → DataContinuity · GET /v1/runs/{run}/findings → SanityReport
// GET /v1/exposure?days=&run=&limit=&after= → Exposure

/// <summary>Exact: every sample counts once. Unknown: a position that is needed was not recorded.</summary>
public enum ContinuityVerdict { Exact, Skipped, Repeated, Unknown }

/// <summary>A half-open range of sample numbers, in the order in which the run consumes them.</summary>
public sealed record SampleRange(long From, long To);

/// <summary>What one restart did to the data position.</summary>
/// <param name="Restored">Null: the initial state.</param>
/// <param name="RedoneSteps">Steps that were trained before and are trained again; null if the reached step is not known.</param>
/// <param name="Redone">Samples that the lost steps had consumed already. They count once in the surviving state, but were read
/// twice.</param>
/// <param name="RedoneIsExact">False: reckoned from the samples per step, because no save recorded the position that was reached.</param>
/// <param name="Verdict">Of the first save after the restart against the restored position.</param>
/// <param name="Range">Samples that were skipped or repeated; null if none.</param>
public sealed record RestartContinuity(
    RecoveryId Recovery, CheckpointId? Restored, Step? Reached, long? RedoneSteps, SampleRange? Redone, bool RedoneIsExact,
    ContinuityVerdict Verdict, SampleRange? Range, string Detail);

/// <summary>A stretch between a save and the save that it descends from, where the position does not go on as it should.</summary>
public sealed record PositionBreak(
    CheckpointId From, CheckpointId To, ContinuityVerdict Verdict, SampleRange Range, string Detail);

/// <summary>Whether a run consumed its data without a gap and without a repeat, across its restarts.</summary>
/// <param name="SamplesPerStep">Usual samples per step, all ranks together; null if fewer than two positions are on record.</param>
/// <param name="Recorded">Saves with a recorded position, of <paramref name="Saves"/>.</param>
/// <param name="Breaks">On the surviving history, outside of restarts as well.</param>
public sealed record DataContinuity(
    RunId Run, ContinuityVerdict Verdict, string Why, double? SamplesPerStep, int Recorded, int Saves,
    IReadOnlyList<RestartContinuity> Restarts, IReadOnlyList<PositionBreak> Breaks);

/// <summary>Unknown: the rule could not be applied, and that is said.</summary>
public enum FindingSeverity { Unknown, Note, Warning }

/// <summary>Something across the saves of a run that a person should look at. Nothing was refused because of it.</summary>
/// <param name="Rule">Stable name of the rule.</param>
/// <param name="Checkpoint">Null when it is about the whole run.</param>
public sealed record SanityFinding(
    string Rule, FindingSeverity Severity, CheckpointId? Checkpoint, IReadOnlyList<Rank> Ranks, string Detail);

/// <param name="Saves">Saves looked at, the newest ones.</param>
/// <param name="IsWhole">False: the run has older saves that were not looked at.</param>
public sealed record SanityReport(RunId Run, int Saves, bool IsWhole, IReadOnlyList<SanityFinding> Findings);

/// <summary>A checkpoint that is offered, but whose bytes nobody has read for long.</summary>
/// <param name="CheckedAt">Oldest of its ranks' findings; null: never read back.</param>
public sealed record UncheckedCheckpoint(
    CheckpointId Checkpoint, CheckpointPhase Phase, DateTimeOffset SealedAt, DateTimeOffset? CheckedAt);

/// <summary>What rests on trust.</summary>
/// <param name="Count">Sealed or verified checkpoints not read back since <paramref name="Since"/>; 1,000 stands for that many or
/// more.</param>
/// <param name="OldestAt">When the longest unread of them was last read, or sealed.</param>
/// <param name="Events">Newest position of the event store; at most so many events are on record.</param>
/// <param name="UnsealedEvents">Events behind the newest exported head, at most; all of them while nothing was exported.</param>
/// <param name="ExportedAt">When a head last left the service; null: never.</param>
/// <param name="Seal">For people: what does and does not protect the events.</param>
public sealed record Exposure(
    int Days, DateTimeOffset Since, long Count, DateTimeOffset? OldestAt, IReadOnlyList<UncheckedCheckpoint> Unchecked, string? Next,
    long Events, long UnsealedEvents, DateTimeOffset? ExportedAt, string Seal);
