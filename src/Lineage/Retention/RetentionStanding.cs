using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Runs;

namespace Lineage.Retention;

/// <summary>What was said of a checkpoint since it was sealed.</summary>
public sealed record Afterlife(CheckpointMarks? Marks, CheckpointEnding? Ending);

/// <summary>Something outside the run's own checkpoints that needs one of them: a fork, a recovery, a delta of another run.</summary>
public sealed record OutsideNeed(CheckpointId Checkpoint, KeepRule Rule, string Detail);

/// <summary>All that a retention plan of one run is made from.</summary>
/// <param name="RunVersion">Version of the run's stream.</param>
/// <param name="History">What a recovery that began now could restore (<see cref="Chains.History.ForRestoring"/>).</param>
/// <param name="Afterlives">Of those checkpoints that have any.</param>
public sealed record RetentionStanding(
    Run Run, long RunVersion, History History, IReadOnlyDictionary<CheckpointId, Afterlife> Afterlives, IReadOnlyList<OutsideNeed> Needs)
{
    /// <summary>Every checkpoint of the run, newest first.</summary>
    public IReadOnlyList<Candidate> All { get; } =
        [.. History.Candidates.Concat(History.Off).OrderByDescending(static c => c.Id.Step).ThenByDescending(static c => c.Id.Generation)];

    public IEnumerable<KeyValuePair<string, CheckpointId>> Tags => Run.Tags ?? Enumerable.Empty<KeyValuePair<string, CheckpointId>>();

    public CheckpointMarks MarksOf(CheckpointId id) => Afterlives.GetValueOrDefault(id)?.Marks ?? CheckpointMarks.None;

    public CheckpointEnding? EndingOf(CheckpointId id) => Afterlives.GetValueOrDefault(id)?.Ending;
}
