using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Restores;
using Lineage.Runs;

namespace Lineage.Questions;

/// <summary>A run as far as its history needs it.</summary>
/// <param name="Origin">The checkpoint of another run that it goes on from.</param>
public sealed record RunOutline(
    RunId Run, Generation Generation,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] CheckpointId? Origin = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ImmutableList<RunRewound>? Rewound = null)
{
    public static RunOutline Of(Run run) => new(run.Id, run.Generation, run.Origin, run.Rewound);
}

/// <summary>A checkpoint as far as questions about restore points need it: small, whatever its world size.</summary>
/// <param name="ReadBytes">Stored bytes along its chain as recorded; null before seal, after a rewrite, and in events from before it was
/// recorded.</param>
/// <param name="Tiers">Where its shards lie.</param>
/// <param name="Metrics">Null while there are none.</param>
public sealed record CheckpointOutline(
    Candidate Candidate, long? ReadBytes, int Copies, IReadOnlyList<string> Tiers,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ImmutableSortedDictionary<string, double?>? Metrics = null)
{
    [JsonIgnore]
    public CheckpointId Id => Candidate.Id;

    /// <summary>Null if it has none of that name, or one that is not finite.</summary>
    public double? Metric(string name) => Metrics?.GetValueOrDefault(name);

    public static CheckpointOutline Of(Checkpoint checkpoint)
    {
        var candidate = Candidate.Of(checkpoint);
        return new CheckpointOutline(
            candidate, ReadBytesOf(checkpoint), checkpoint.Opened.Copies,
            [.. checkpoint.Shards.Values.SelectMany(static shard => shard.Stored).Select(static stored => stored.Tier)
                .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            checkpoint.Marks is { Metrics.Count: > 0 } marks ? marks.Metrics : null);
    }

    /// <summary>Stored bytes along the chain; null while unknown.</summary>
    public static long? ReadBytesOf(Checkpoint checkpoint) => checkpoint switch
    {
        { Sealed: null } => null,
        { Rebased: { Base: null } full } => full.StoredBytes,
        { Rebased: not null } => null,
        { Opened.Base: null } => checkpoint.Sealed.StoredBytes,
        { Opened.BaseChainBytes: { } below } => below + checkpoint.Sealed.StoredBytes,
        _ => null,
    };
}

/// <summary>How fast one rank once restored: what an estimate is made from.</summary>
public sealed record RestoreRate(long ReadBytes, long Milliseconds)
{
    public static IEnumerable<RestoreRate> Of(Recovery recovery) =>
        recovery.Restored.Values.Select(static restored => new RestoreRate(restored.ReadBytes, restored.Milliseconds));
}

/// <summary>
/// What is on record of a run, whole or the part of it that a question looks at. A part still has the newest sealed checkpoint of every
/// generation, so that its history walks the same way.
/// </summary>
public sealed record RunPicture(
    RunOutline Run, IReadOnlyList<CheckpointOutline> Checkpoints, IReadOnlyList<HistoryTurn> Turns, IReadOnlyList<RestoreRate> Rates)
{
    /// <summary>What a recovery that began now could restore.</summary>
    public History ForRestoring() => ForRestoring(new Generation(Run.Generation.Value + 1));

    public History ForRestoring(Generation next) => History.ForRestoring(next, Candidates, Turns, Course);

    /// <summary>What a writer of the generation may build on.</summary>
    public History ForWriting(Generation generation) => History.ForWriting(generation, Candidates, Turns, Course);

    /// <summary>The run's own line; what lies behind a fork is asked of that run.</summary>
    Course Course => new(Run.Rewound ?? []);

    public IEnumerable<Candidate> Candidates => Checkpoints.Select(static checkpoint => checkpoint.Candidate);
}
