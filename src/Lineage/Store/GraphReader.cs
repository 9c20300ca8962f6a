using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Npgsql;
using NpgsqlTypes;

namespace Lineage.Store;

/// <summary>What a walk along base edges found, before it is put in words.</summary>
/// <param name="Phases">Dependants per phase; a null phase is a row that is not there yet.</param>
/// <param name="Depth">Distance of the farthest dependant.</param>
public sealed record Reach(
    IReadOnlyList<(CheckpointPhase? Phase, long Count)> Phases, int Depth, IReadOnlyList<(AffectedKind Kind, long Count)> AffectedBy,
    IReadOnlyList<Affected> Affected, IReadOnlyList<Dependant> Dependants);

/// <summary>Walks the edges of the graph, downwards along bases and upwards along descent; bounded, and never by loading a row.</summary>
public sealed class GraphReader(NpgsqlDataSource database)
{
    /// <summary>Of the walk: no chain has more links (<see cref="Chains.ChainBuilder.LinksMax"/>), and no answer more dependants.</summary>
    public const int DepthMax = Chains.ChainBuilder.LinksMax, DependantsMax = 100_000;

    /// <summary>More of one answer are counted and not listed.</summary>
    public const int AffectedMax = 1_000;

    /// <summary>Longest walk from a checkpoint up to the ancestor that it shares with another.</summary>
    public const int AncestorsMax = 10_000;

    /// <summary>
    /// One statement, so that counts and page are of one moment. The walk is a nested loop over the primary key of the edges; each kind of
    /// edge is read with the node it hangs on, so nothing is read twice.
    /// </summary>
    const string Walk = $"""
        with recursive reach(id, kind, depth, source, until) as (
          select $1 collate "C", 'base' collate "C", 0, null::text collate "C", null::timestamptz
          union all
          select e.target, e.kind, r.depth + 1, e.source, e.until
          from reach r join {GraphTables.Edges} e on e.source = r.id
          where r.kind = 'base' and r.depth < $2 and e.kind <> 'parent'),
        found as materialized (select * from reach limit $7),
        hit as materialized (
          select r.id, r.depth, s.phase from found r left join {GraphTables.Standing} s on s.id = r.id
          where r.kind = 'base' and r.depth > 0),
        hanging as materialized (
          select f.kind, f.source, f.id from found f
            left join {MartenSetup.Schema}.mt_doc_recovery d on f.kind = 'restore' and d.id = ('recovery/' || f.id) collate "default"
          where f.kind <> 'base' and (f.until is null or f.until > $6)
            and (f.kind <> 'restore' or (d.data #>> array['state', 'phase'] = 'restoring'
              and d.data #>> array['state', 'choice', 'chosen'] = f.source)))
        select 0, phase::text, null::text, count(*), coalesce(max(depth), 0) from hit group by phase
        union all
        select 1, kind::text, null, count(*), 0 from hanging group by kind
        union all
        (select 2, kind::text, source || ' ' || id, 0, 0 from hanging order by kind, source, id limit $8)
        union all
        (select 3, phase::text, id, 0, depth from hit where (depth, id) > ($3, $4 collate "C") order by depth, id limit $5)
        """;

    const string Ancestors = $"""
        with recursive up(id, n) as (
          select $1 collate "C", 0
          union all
          select e.source, u.n + 1 from up u join {GraphTables.Edges} e on e.target = u.id and e.kind = 'parent' where u.n < $2)
        select id from up order by n
        """;

    /// <param name="after">Last dependant seen: its distance and id.</param>
    public async Task<Reach> DependantsAsync(
        CheckpointId of, (int Distance, string Id)? after, int limit, DateTimeOffset now, CancellationToken ct)
    {
        List<(CheckpointPhase?, long)> phases = [];
        List<(AffectedKind, long)> counts = [];
        List<Affected> affected = [];
        List<Dependant> page = [];
        var depth = 0;
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var command = Ask(connection, Walk, of.ToString(), DepthMax, after?.Distance ?? 0, after?.Id ?? "", limit, now,
            DependantsMax, AffectedMax);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var name = await reader.IsDBNullAsync(1, ct) ? null : reader.GetString(1);
            switch (reader.GetInt32(0))
            {
                case 0:
                    phases.Add((Phase(name), reader.GetInt64(3)));
                    depth = Math.Max(depth, reader.GetInt32(4));
                    break;
                case 1:
                    counts.Add((Kind(name!), reader.GetInt64(3)));
                    break;
                case 2:
                    affected.Add(Hanging(Kind(name!), reader.GetString(2)));
                    break;
                default:
                    page.Add(new Dependant(CheckpointId.Parse(reader.GetString(2)), Phase(name), reader.GetInt32(4)));
                    break;
            }
        }

        return new Reach(phases, depth, counts, affected, page);
    }

    /// <summary>The checkpoint itself, its parent, and so on; across forks.</summary>
    public async Task<IReadOnlyList<CheckpointId>> AncestorsAsync(CheckpointId of, int max, CancellationToken ct)
    {
        var found = new List<CheckpointId>();
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var command = Ask(connection, Ancestors, of.ToString(), max);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) found.Add(CheckpointId.Parse(reader.GetString(0)));
        return found;
    }

    /// <summary>Recoveries that chose a checkpoint, in any attempt.</summary>
    public async Task<IReadOnlyList<RecoveryId>> RecoveriesOfAsync(CheckpointId of, CancellationToken ct)
    {
        var found = new List<RecoveryId>();
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var command = Ask(connection,
            $"select target from {GraphTables.Edges} where source = $1 and kind = 'restore' order by target limit $2", of.ToString(),
            AffectedMax);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) found.Add(RecoveryId.Parse(reader.GetString(0)));
        return found;
    }

    internal static NpgsqlCommand Ask(NpgsqlConnection connection, string sql, params ReadOnlySpan<object> values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(value switch
            {
                DateTimeOffset at => new NpgsqlParameter { Value = at.ToUniversalTime(), NpgsqlDbType = NpgsqlDbType.TimestampTz },
                string text => new NpgsqlParameter { Value = text, NpgsqlDbType = NpgsqlDbType.Text },
                _ => new NpgsqlParameter { Value = value },
            });
        return command;
    }

    static Affected Hanging(AffectedKind kind, string text)
    {
        var cut = text.IndexOf(' ', StringComparison.Ordinal);
        return new Affected(kind, CheckpointId.Parse(text[..cut]), text[(cut + 1)..]);
    }

    static AffectedKind Kind(string text) => text switch
    {
        "fork" => AffectedKind.Fork,
        "restore" => AffectedKind.Restore,
        "export" => AffectedKind.Export,
        "hold" => AffectedKind.Hold,
        "pin" => AffectedKind.Pin,
        "tag" => AffectedKind.Tag,
        _ => throw new ArgumentOutOfRangeException(nameof(text), text, "Not a kind of edge that hangs on a checkpoint."),
    };

    internal static CheckpointPhase? Phase(string? text) => text is null ? null : Enum.Parse<CheckpointPhase>(text, ignoreCase: true);
}
