using System.Text.Json;
using Lineage.Chains;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Restores;
using Npgsql;

namespace Lineage.Store;

/// <summary>
/// Reads what the choice of a base or of a restore point looks at: all checkpoints of a run without their shards, and all its recoveries.
/// </summary>
public sealed class HistoryReader(NpgsqlDataSource database)
{
    public async Task<(IReadOnlyList<Candidate> Checkpoints, IReadOnlyList<HistoryTurn> Turns)> ReadAsync(RunId run, CancellationToken ct)
    {
        var candidates = await ReadAsync<Candidate>(
            $"select data->'candidate' from {MartenSetup.Schema}.mt_doc_checkpoint where run_name = $1", run, ct);
        var recoveries = await ReadAsync<Recovery>(
            $"select data->'state' from {MartenSetup.Schema}.mt_doc_recovery where run_name = $1", run, ct);
        return (candidates, [.. recoveries.Select(RecoveryViews.Turn)]);
    }

    /// <summary>What ranks of a run have restored so far: what an estimate is made from.</summary>
    public async Task<IReadOnlyList<Contracts.Events.RankRestored>> RestoredRanksAsync(RunId run, CancellationToken ct)
    {
        var recoveries = await ReadAsync<Recovery>(
            $"select data->'state' from {MartenSetup.Schema}.mt_doc_recovery where run_name = $1", run, ct);
        return [.. recoveries.SelectMany(static r => r.Restored.Values)];
    }

    async Task<List<T>> ReadAsync<T>(string query, RunId run, CancellationToken ct)
    {
        var found = new List<T>();
        await using var command = database.CreateCommand(query);
        command.Parameters.Add(new() { Value = run.ToString() });
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) found.Add(JsonSerializer.Deserialize<T>(reader.GetString(0), CanonicalJson.Options)!);
        return found;
    }
}
