using JasperFx.Events;
using Lineage.Access;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Marten;
using Marten.Events.Aggregation;
using Npgsql;

namespace Lineage.Store;

/// <summary>One API key: its folded state.</summary>
public sealed record KeyRow(string Id, AccessKey State, long Version, ContentHash? Head = null) : IStreamRow;

/// <summary>
/// SHA-256 of a key's secret. Beside the events and not in them: an event is for ever and is exported, and a key that is gone should leave
/// nothing that a guess could be tried on.
/// </summary>
/// <param name="Id">Id of the key.</param>
public sealed record KeyHashRow(string Id, ContentHash Hash);

public sealed partial class KeyRows : SingleStreamProjection<KeyRow, string>
{
    public KeyRows()
    {
        IncludeType<KeyIssued>();
        IncludeType<KeyRevoked>();
    }

    public override KeyRow? Evolve(KeyRow? snapshot, string id, IEvent e) =>
        AccessKey.Fold(snapshot?.State, e.Data) is { } key ? new KeyRow(id, key, (snapshot?.Version ?? 0) + 1, StreamHead.Of(e)) : null;
}

/// <summary>Questions about keys. One read per request and no cache, so that a revoked key is refused by every server at once.</summary>
public sealed class KeyQueries(IDocumentStore store, NpgsqlDataSource database)
{
    const string Joined = $"""
        select k.data, h.data ->> 'hash' from {MartenSetup.Schema}.mt_doc_key k
        join {MartenSetup.Schema}.mt_doc_key_hash h on h.id = $2 where k.id = $1
        """;

    /// <summary>The key that a token names, if the token proves it; it may be expired or revoked.</summary>
    public async Task<AccessKey?> FindAsync(KeySecret presented, CancellationToken ct)
    {
        await using var command = database.CreateCommand(Joined);
        command.Parameters.Add(new() { Value = AccessKey.StreamKey(presented.Id) });
        command.Parameters.Add(new() { Value = presented.Id });
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct)) return null;
        var row = System.Text.Json.JsonSerializer.Deserialize<KeyRow>(reader.GetString(0), Contracts.Format.CanonicalJson.Options)!;
        return presented.Matches(ContentHash.Parse(reader.GetString(1)).ToBytes()) ? row.State : null;
    }

    public async Task<KeyRow?> KeyAsync(string id, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        return await session.LoadAsync<KeyRow>(AccessKey.StreamKey(id), ct);
    }

    /// <summary>Keys by id.</summary>
    /// <param name="after">Id of the last one seen.</param>
    public async Task<IReadOnlyList<KeyRow>> KeysAsync(string? after, int limit, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        return await session.QueryAsync<KeyRow>("where d.id > ? order by d.id limit ?", ct, AccessKey.StreamKey(after ?? ""), limit);
    }

    /// <summary>Whether anybody could ever issue a key here.</summary>
    public async Task<bool> HasAdminAsync(DateTimeOffset now, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        var keys = await session.QueryAsync<KeyRow>("where d.data -> 'state' -> 'issued' -> 'roles' @> '[\"admin\"]'", ct);
        return keys.Any(row => row.State.Phase(now) == Contracts.Api.KeyPhase.Active);
    }
}
