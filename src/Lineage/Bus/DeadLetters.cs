using System.Security.Cryptography;
using System.Text.Json;
using Lineage.Store;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Npgsql;
using NpgsqlTypes;

namespace Lineage.Bus;

/// <summary>A message that could not be taken, whole, with the reason.</summary>
/// <param name="Id">The message's own id; for bytes that are no message, an id derived from them.</param>
/// <param name="Code">A problem code, or <see cref="Unreadable"/>.</param>
/// <param name="Message">The fact; null when the bytes are no message.</param>
/// <param name="Body">The bytes as they came; for a fact its canonical JSON.</param>
public sealed record DeadLetter(MessageId Id, string Code, string Reason, Carrier Carrier, FactMessage? Message, byte[] Body)
{
    /// <summary>Code of a letter whose bytes nobody could read; the broker or the consumer set it aside.</summary>
    public const string Unreadable = "unreadable", Undelivered = "undelivered";

    public static DeadLetter Of(RefusedFact refused, Carrier carrier) => new(
        refused.Fact.Id, refused.Code, refused.Reason, carrier, refused.Fact, CanonicalJson.Write<FactMessage>(refused.Fact));

    /// <summary>Of bytes that are no message, set aside by the broker or its consumer.</summary>
    /// <param name="fault">What the consumer said; null if it left nothing.</param>
    public static DeadLetter OfUnread(byte[] body, string? fault) => new(
        MessageId.Derive("dead-letter", Convert.ToHexStringLower(SHA256.HashData(body))), Unreadable,
        fault ?? "Its bytes are no message of this service.", Carrier.Broker, Message: null, body);
}

/// <summary>
/// The table of dead letters: what was refused or could not be read, from every transport, until somebody replays or discards it. The same
/// message again is counted, not kept twice; beyond <see cref="LettersMax"/> the oldest make room.
/// </summary>
/// <remarks>Nothing depends on it: a sender keeps what is not on record. A letter lost to a crash comes again.</remarks>
public sealed class DeadLetters(NpgsqlDataSource database, TimeProvider clock)
{
    public const int LettersMax = 100_000;

    internal const string Create = $"""
        create table if not exists {MartenSetup.Schema}.dead_letters (
            id text primary key, number bigint generated always as identity, first_at timestamptz not null, last_at timestamptz not null,
            times int not null, code text not null, reason text not null, carrier text not null, checkpoint text, rank int, kind text,
            actor text, body bytea not null);
        create unique index if not exists dead_letters_number on {MartenSetup.Schema}.dead_letters (number);
        """;

    const string Insert = $"""
        insert into {MartenSetup.Schema}.dead_letters as d
            (id, first_at, last_at, times, code, reason, carrier, checkpoint, rank, kind, actor, body)
        values ($1, $2, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10)
        on conflict (id) do update set times = d.times + 1, last_at = excluded.last_at, code = excluded.code, reason = excluded.reason
        """;

    const string Columns = "id, number, first_at, last_at, times, code, reason, carrier, checkpoint, rank, kind, actor, body";

    public async Task KeepAsync(IReadOnlyList<DeadLetter> letters, CancellationToken ct) => await GuardedAsync(async () =>
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var batch = new NpgsqlBatch(connection);
        foreach (var letter in letters.OrderBy(static letter => letter.Id.ToString(), StringComparer.Ordinal))   // one order: no deadlock
            batch.BatchCommands.Add(InsertOf(letter));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            $"delete from {MartenSetup.Schema}.dead_letters where number <= (select max(number) - {LettersMax} from " +
            $"{MartenSetup.Schema}.dead_letters)"));
        await batch.ExecuteNonQueryAsync(ct);
        return true;
    });

    NpgsqlBatchCommand InsertOf(DeadLetter letter)
    {
        var insert = new NpgsqlBatchCommand(Insert);
        void Add(object? value, NpgsqlDbType type) => insert.Parameters.Add(new() { Value = value ?? DBNull.Value, NpgsqlDbType = type });
        Add(letter.Id.ToString(), NpgsqlDbType.Text);
        Add(clock.GetUtcNow(), NpgsqlDbType.TimestampTz);
        Add(letter.Code, NpgsqlDbType.Text);
        Add(letter.Reason, NpgsqlDbType.Text);
        Add(letter.Carrier is Carrier.Http ? "http" : "broker", NpgsqlDbType.Text);
        Add(letter.Message?.Checkpoint.ToString(), NpgsqlDbType.Text);
        Add(letter.Message?.Rank.Value, NpgsqlDbType.Integer);
        Add(letter.Message is { } message ? KindOf(message) : null, NpgsqlDbType.Text);
        Add(letter.Message?.Actor.ToString(), NpgsqlDbType.Text);
        Add(letter.Body, NpgsqlDbType.Bytea);
        return insert;
    }

    /// <summary>Newest first.</summary>
    /// <param name="before">Number of the last one seen; null from the newest.</param>
    public Task<IReadOnlyList<DeadLetterView>> ListAsync(long? before, int limit, CancellationToken ct) => ReadAsync(
        $"select {Columns} from {MartenSetup.Schema}.dead_letters where number < $1 order by number desc limit $2", withMessage: false, ct,
        before ?? long.MaxValue, limit);

    public async Task<DeadLetterView?> FindAsync(string id, CancellationToken ct) =>
        await ReadAsync($"select {Columns} from {MartenSetup.Schema}.dead_letters where id = $1", withMessage: true, ct, id)
            is [var letter] ? letter : null;

    /// <returns>False if there is no such letter.</returns>
    public Task<bool> RemoveAsync(string id, CancellationToken ct) => GuardedAsync(async () =>
    {
        await using var command = database.CreateCommand($"delete from {MartenSetup.Schema}.dead_letters where id = $1");
        command.Parameters.Add(new() { Value = id });
        return await command.ExecuteNonQueryAsync(ct) > 0;
    });

    Task<IReadOnlyList<DeadLetterView>> ReadAsync(string query, bool withMessage, CancellationToken ct, params object[] values) =>
        GuardedAsync<IReadOnlyList<DeadLetterView>>(async () =>
        {
            await using var command = database.CreateCommand(query);
            foreach (var value in values) command.Parameters.Add(new() { Value = value });
            await using var reader = await command.ExecuteReaderAsync(ct);
            var found = new List<DeadLetterView>();
            while (await reader.ReadAsync(ct)) found.Add(View(reader, withMessage));
            return found;
        });

    static DeadLetterView View(NpgsqlDataReader reader, bool withMessage)
    {
        var body = reader.GetFieldValue<byte[]>(12);
        var kind = Text(reader, 10);
        return new DeadLetterView(
            reader.GetString(0), reader.GetInt64(1), reader.GetFieldValue<DateTimeOffset>(2), reader.GetFieldValue<DateTimeOffset>(3),
            reader.GetInt32(4), reader.GetString(5), reader.GetString(6), reader.GetString(7), Text(reader, 8),
            reader.IsDBNull(9) ? null : reader.GetInt32(9), kind, Text(reader, 11), body.Length,
            withMessage && kind is not null ? JsonSerializer.Deserialize<FactMessage>(body, CanonicalJson.Options) : null,
            withMessage && kind is null ? Convert.ToBase64String(body) : null);
    }

    static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    static string KindOf(FactMessage message) => message switch
    {
        ShardDiffReported => "shard-diff-reported.v1",
        ShardStoreReported => "shard-store-reported.v1",
        ShardVerificationReported => "shard-verification-reported.v1",
        _ => throw new ArgumentOutOfRangeException(nameof(message), message, "Not a message that the service knows."),
    };

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
