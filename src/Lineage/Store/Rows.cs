using System.Text.Json;
using System.Text.Json.Serialization;
using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Questions;
using Lineage.Restores;
using Lineage.Runs;

namespace Lineage.Store;

// Read models that are written in the transaction of their events, so that whoever got an answer also finds it in the next question.
// Their id is the key of the stream. They can be dropped and built again from the events at any time.
//
// The state of a checkpoint holds every shard and is large; what questions look at is written beside it into columns of their own
// (docs/adr/0016): an outline as JSON text, and what is searched and ordered by. The columns are computed from the state, so they are no
// part of the row's JSON.

/// <summary>What every row of a stream knows of it: what the next append goes on from.</summary>
public interface IStreamRow
{
    /// <summary>Number of events in the stream; what an ETag carries.</summary>
    long Version { get; }

    /// <summary>Link of the newest event in the stream's hash chain; null if it was appended before there were chains.</summary>
    ContentHash? Head { get; }
}

/// <summary>One run: its folded state.</summary>
public sealed record RunRow(string Id, string RunName, Run State, long Version, ContentHash? Head = null) : IStreamRow
{
    [JsonIgnore, Column]
    public string Outline => Outlines.Write(RunOutline.Of(State));

    [JsonIgnore, Column]
    public long Generation => State.Generation.Value;

    /// <summary>Row of the checkpoint that a fork goes on from.</summary>
    [JsonIgnore, Column]
    public string? OriginKey => State.Origin?.StreamKey;

    /// <summary>Run that a fork goes on from.</summary>
    [JsonIgnore]
    public string? OriginRun => State.Origin?.Run.ToString();

    /// <summary>As JSON spells it.</summary>
    [JsonIgnore]
    public string Lease => State.Lease == LeasePhase.Held ? "held" : "not-held";
}

/// <summary>One checkpoint: its folded state, and what lists are ordered and searched by.</summary>
/// <param name="Phase">The phase as JSON spells it, for searches.</param>
public sealed record CheckpointRow(
    string Id, string RunName, long Generation, long Step, string Phase, Checkpoint State, long Version, ContentHash? Head = null)
    : IStreamRow
{
    /// <summary>
    /// What choosing a base or a restore point needs, so that a long history is read without its shards. Made when the row is written,
    /// not for each of the events that lead there: it looks at every rank.
    /// </summary>
    public Candidate Candidate => Candidate.Of(State);

    [JsonIgnore, Column]
    public string Outline => Outlines.Write(CheckpointOutline.Of(State));

    [JsonIgnore, Column]
    public bool IsSealed => State.IsSealed;

    /// <summary>Stored bytes along the chain; null while unknown.</summary>
    [JsonIgnore, Column]
    public long? ReadBytes => CheckpointOutline.ReadBytesOf(State);

    /// <summary>Metrics by name as JSON text; null while there are none.</summary>
    [JsonIgnore, Column]
    public string? Metrics => State.Marks is { Metrics.Count: > 0 } marks ? Outlines.Write(marks.Metrics) : null;

    /// <summary>Row of the checkpoint that this one's training continues.</summary>
    [JsonIgnore, Column]
    public string? ParentKey => State.Opened.Parent?.StreamKey;

    /// <summary>Row of the checkpoint that the deltas refer to.</summary>
    [JsonIgnore, Column]
    public string? BaseKey => State.Base?.Checkpoint.StreamKey;
}

/// <summary>One recovery: its folded state.</summary>
public sealed record RecoveryRow(
    string Id, string RunName, long Generation, Recovery State, long Version, ContentHash? Head = null) : IStreamRow
{
    /// <summary>What it did to the history.</summary>
    [JsonIgnore, Column]
    public string Outline => Outlines.Write(RecoveryViews.Turn(State));

    /// <summary>Row of the restore point.</summary>
    [JsonIgnore, Column]
    public string? ChosenKey => State.Chosen?.StreamKey;

    /// <summary>How fast its ranks restored.</summary>
    [JsonIgnore, Column]
    public string Rates => Outlines.Write(RestoreRate.Of(State));
}

/// <summary>
/// How long a lease is valid: a row, because renewals are telemetry and not history. One per generation, so a late renewal of an old
/// generation never touches the newest lease.
/// </summary>
/// <param name="Id"><c>run/generation</c>.</param>
public sealed record LeaseRow(string Id, DateTimeOffset Until)
{
    public static string Key(RunId run, Generation generation) => new RecoveryId(run, generation).ToString();
}

/// <summary>Outlines as the text of their columns.</summary>
static class Outlines
{
    public static string Write<T>(T outline) => JsonSerializer.Serialize(outline, CanonicalJson.Options);

    public static T Read<T>(string text) => JsonSerializer.Deserialize<T>(text, CanonicalJson.Options)!;
}
