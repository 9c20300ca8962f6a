using Npgsql;
using NpgsqlTypes;

namespace Lineage.Store;

/// <summary>The answer that a command got, for whoever sends it again under the same key.</summary>
/// <param name="Fingerprint">SHA-256 of method, address and body.</param>
/// <param name="Body">Null when it was too large to keep: then the command is decided again, which is harmless.</param>
public sealed record KeptAnswer(byte[] Fingerprint, int Status, string? ETag, string? MediaType, byte[]? Body);

/// <summary>
/// Answers by Idempotency-Key, in a table of their own. A row is written after the command's commit and without waiting for the disk: what
/// a crash loses of them is decided again, and the aggregates say that it is done.
/// </summary>
public sealed class KeptAnswers(NpgsqlDataSource database)
{
    /// <summary>How long an answer is kept.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(24);

    const string Table = $"{MartenSetup.Schema}.idempotency";
    const int RowsPerSweep = 10_000;

    internal const string Create = $"""
        create table if not exists {Table} (
            caller text not null, key text not null, fingerprint bytea not null, status integer not null, etag text, media_type text,
            body bytea, created timestamptz not null, primary key (caller, key));
        create index if not exists idempotency_created on {Table} (created);
        """;

    public async Task<KeptAnswer?> FindAsync(string caller, string key, DateTimeOffset now, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            $"select fingerprint, status, etag, media_type, body from {Table} where caller = $1 and key = $2 and created > $3");
        command.Parameters.Add(new() { Value = caller });
        command.Parameters.Add(new() { Value = key });
        command.Parameters.Add(new() { Value = (now - Life).ToUniversalTime() });
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct)) return null;
        return new KeptAnswer(
            await reader.GetFieldValueAsync<byte[]>(0, ct), reader.GetInt32(1), await OrNullAsync<string>(reader, 2, ct),
            await OrNullAsync<string>(reader, 3, ct), await OrNullAsync<byte[]>(reader, 4, ct));
    }

    /// <summary>The first answer stays, unless it is past its life.</summary>
    public async Task KeepAsync(string caller, string key, KeptAnswer answer, DateTimeOffset now, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new("select set_config('synchronous_commit', 'off', true)"));
        var insert = new NpgsqlBatchCommand($"""
            insert into {Table} as kept (caller, key, fingerprint, status, etag, media_type, body, created)
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            on conflict (caller, key) do update set fingerprint = excluded.fingerprint, status = excluded.status, etag = excluded.etag,
                media_type = excluded.media_type, body = excluded.body, created = excluded.created where kept.created <= $9
            """);
        foreach (var value in new object?[]
        {
            caller, key, answer.Fingerprint, answer.Status, answer.ETag, answer.MediaType, answer.Body, now.ToUniversalTime(),
            (now - Life).ToUniversalTime(),
        })
            insert.Parameters.Add(new() { Value = value ?? DBNull.Value });
        insert.Parameters[4].NpgsqlDbType = insert.Parameters[5].NpgsqlDbType = NpgsqlDbType.Text;
        insert.Parameters[6].NpgsqlDbType = NpgsqlDbType.Bytea;
        batch.BatchCommands.Add(insert);
        await batch.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Deletes what is past its life, a bounded number at a time; returns how many.</summary>
    public async Task<int> ExpireAsync(DateTimeOffset now, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            $"delete from {Table} where ctid in (select ctid from {Table} where created <= $1 limit {RowsPerSweep})");
        command.Parameters.Add(new() { Value = (now - Life).ToUniversalTime() });
        return await command.ExecuteNonQueryAsync(ct);
    }

    static async Task<T?> OrNullAsync<T>(NpgsqlDataReader reader, int column, CancellationToken ct) where T : class =>
        await reader.IsDBNullAsync(column, ct) ? null : await reader.GetFieldValueAsync<T>(column, ct);
}
