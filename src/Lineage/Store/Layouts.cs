using System.Collections.Concurrent;
using System.Text.Json;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Npgsql;
using NpgsqlTypes;

namespace Lineage.Store;

/// <summary>Tensor layouts by their digest: told once, never changed, so what was read once is kept in memory.</summary>
/// <remarks>A crash before the commit leaves nothing; whoever tells a layout tells it again with its next save.</remarks>
public sealed class Layouts(NpgsqlDataSource database, TimeProvider clock)
{
    /// <summary>Layouts kept in memory; a run has one, or a few over its life.</summary>
    const int KeptMax = 64;

    internal const string Create = $"""
        create table if not exists {MartenSetup.Schema}.layouts (
            digest text primary key, world_size int not null, tensors int not null, at timestamptz not null, body bytea not null);
        """;

    readonly ConcurrentDictionary<ContentHash, TensorLayout> kept = new();

    /// <param name="layout">Has this digest; the caller has made sure.</param>
    public async Task KeepAsync(ContentHash digest, TensorLayout layout, CancellationToken ct)
    {
        if (kept.ContainsKey(digest)) return;
        await GuardedAsync(async () =>
        {
            await using var command = database.CreateCommand(
                $"insert into {MartenSetup.Schema}.layouts (digest, world_size, tensors, at, body) values ($1, $2, $3, $4, $5) " +
                "on conflict do nothing");
            command.Parameters.Add(new() { Value = digest.ToString() });
            command.Parameters.Add(new() { Value = layout.WorldSize.Value });
            command.Parameters.Add(new() { Value = layout.Tensors.Count });
            command.Parameters.Add(new() { Value = clock.GetUtcNow(), NpgsqlDbType = NpgsqlDbType.TimestampTz });
            command.Parameters.Add(new() { Value = CanonicalJson.Write(layout) });
            return await command.ExecuteNonQueryAsync(ct);
        });
        Keep(digest, layout);
    }

    /// <returns>Null if nobody told it.</returns>
    public async Task<TensorLayout?> FindAsync(ContentHash digest, CancellationToken ct)
    {
        if (kept.TryGetValue(digest, out var known)) return known;
        var body = await GuardedAsync(async () =>
        {
            await using var command = database.CreateCommand($"select body from {MartenSetup.Schema}.layouts where digest = $1");
            command.Parameters.Add(new() { Value = digest.ToString() });
            return (byte[]?)await command.ExecuteScalarAsync(ct);
        });
        if (body is null) return null;
        var layout = JsonSerializer.Deserialize<TensorLayout>(body, CanonicalJson.Options)!;
        Keep(digest, layout);
        return layout;
    }

    void Keep(ContentHash digest, TensorLayout layout)
    {
        if (kept.Count >= KeptMax) kept.Clear();
        kept[digest] = layout;
    }

    static async Task<T> GuardedAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (StoreFailure.Classify(e) is not null)
        {
            throw StoreFailure.Classify(e)!;
        }
    }
}
