using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Identity;
using Lineage.Restores;
using Lineage.Runs;

namespace Lineage.Store;

// Read models that are written in the transaction of their events, so that whoever got an answer also finds it in the next question.
// Their id is the key of the stream. They can be dropped and built again from the events at any time.

/// <summary>What every row of a stream knows of it: what the next append goes on from.</summary>
public interface IStreamRow
{
    /// <summary>Number of events in the stream; what an ETag carries.</summary>
    long Version { get; }

    /// <summary>Link of the newest event in the stream's hash chain; null if it was appended before there were chains.</summary>
    ContentHash? Head { get; }
}

/// <summary>One run: its folded state.</summary>
public sealed record RunRow(string Id, string RunName, Run State, long Version, ContentHash? Head = null) : IStreamRow;

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
}

/// <summary>One recovery: its folded state.</summary>
public sealed record RecoveryRow(
    string Id, string RunName, long Generation, Recovery State, long Version, ContentHash? Head = null) : IStreamRow;

/// <summary>
/// How long a lease is valid: a row, because renewals are telemetry and not history. One per generation, so a late renewal of an old
/// generation never touches the newest lease.
/// </summary>
/// <param name="Id"><c>run/generation</c>.</param>
public sealed record LeaseRow(string Id, DateTimeOffset Until)
{
    public static string Key(RunId run, Generation generation) => new RecoveryId(run, generation).ToString();
}
