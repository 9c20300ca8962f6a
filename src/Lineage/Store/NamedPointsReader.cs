using System.Text.Json;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.References;
using Lineage.Runs;
using Npgsql;

namespace Lineage.Store;

/// <summary>Reads tags and metrics for the references that name them, and nothing for the others.</summary>
public sealed class NamedPointsReader(NpgsqlDataSource database)
{
    const string Query = $"""
        select generation, step, metrics from {MartenSetup.Schema}.mt_doc_checkpoint where run_name = $1 and metrics is not null
        """;

    public async Task<NamedPoints> ReadAsync(Run run, Reference reference, CancellationToken ct)
    {
        while (reference is Reference.Ancestor { Of: var of }) reference = of;
        return NamedPoints.None with
        {
            Tags = run.Tags ?? NamedPoints.None.Tags,
            Metrics = reference is Reference.Best ? await MetricsAsync(run, ct) : NamedPoints.None.Metrics,
        };
    }

    /// <summary>Of the run and of those that it was forked from.</summary>
    async Task<IReadOnlyDictionary<CheckpointId, IReadOnlyDictionary<string, double?>>> MetricsAsync(Run run, CancellationToken ct)
    {
        var found = new Dictionary<CheckpointId, IReadOnlyDictionary<string, double?>>();
        foreach (var owner in run.Origin is { } origin ? new[] { run.Id, origin.Run } : [run.Id])
        {
            await using var command = database.CreateCommand(Query);
            command.Parameters.Add(new() { Value = owner.ToString() });
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                var id = new CheckpointId(owner, new Generation(reader.GetInt64(0)), new Step(reader.GetInt64(1)));
                found[id] = JsonSerializer.Deserialize<Dictionary<string, double?>>(reader.GetString(2), CanonicalJson.Options)!;
            }
        }

        return found;
    }
}
