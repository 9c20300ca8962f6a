using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Identity;
using Lineage.Restores;
using Lineage.Runs;

namespace Lineage.Store;

// Read models that are written in the transaction of their events, so that whoever got an answer also finds it in the next question.
// Their id is the key of the stream. They can be dropped and built again from the events at any time.

/// <summary>One run: its folded state.</summary>
/// <param name="Version">Number of events in the stream; what an ETag carries.</param>
public sealed record RunRow(string Id, string RunName, Run State, long Version);

/// <summary>One checkpoint: its folded state, and what lists are ordered and searched by.</summary>
/// <param name="Phase">The phase as JSON spells it, for searches.</param>
/// <param name="Candidate">What choosing a base or a restore point needs, so that a long history is read without its shards.</param>
public sealed record CheckpointRow(
    string Id, string RunName, long Generation, long Step, string Phase, Candidate Candidate, Checkpoint State, long Version);

/// <summary>One recovery: its folded state.</summary>
public sealed record RecoveryRow(string Id, string RunName, long Generation, Recovery State, long Version);

/// <summary>
/// How long a lease is valid: a row, because renewals are telemetry and not history. One per generation, so a late renewal of an old
/// generation never touches the newest lease.
/// </summary>
/// <param name="Id"><c>run/generation</c>.</param>
public sealed record LeaseRow(string Id, DateTimeOffset Until)
{
    public static string Key(RunId run, Generation generation) => new RecoveryId(run, generation).ToString();
}
