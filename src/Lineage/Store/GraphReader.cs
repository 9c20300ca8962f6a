using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Questions;
using Npgsql;
using NpgsqlTypes;

namespace Lineage.Store;

/// <summary>Follows the edges of the graph, downwards along bases; bounded, and never by loading a row.</summary>
public sealed class GraphReader(NpgsqlDataSource database)
{
    /// <summary>More are not counted.</summary>
    public const int DependantsMax = 100_000;

    /// <summary>More of one answer are counted and not listed.</summary>
    public const int AffectedMax = 1_000;

    /// <summary>
    /// One statement, so that counts and page are of one moment. Dependants are one range of an index; what is not verified and what hangs
    /// on them is read by run, which is little, and matched by hashing: nothing is looked up once per dependant.
    /// </summary>
    const string Walk = $"""
        with reach as materialized (select target, distance from {GraphTables.Reach} where source = $1 limit $6),
        runs as materialized (select distinct split_part(target, '/', 1) collate "C" as run from reach union select split_part($1, '/', 1)),
        other as materialized (
          select s.id, s.phase from runs r join {GraphTables.Standing} s on s.run_name = r.run and s.phase <> 'verified'),
        hanging as materialized (
          select e.kind, e.source, e.target
          from runs r join {GraphTables.Edges} e on e.kind in ('export', 'fork', 'hold', 'pin', 'restore', 'tag')
            and e.source > r.run || '/' and e.source < r.run || '0'
            left join {MartenSetup.Schema}.mt_doc_recovery d on e.kind = 'restore' and d.id = ('recovery/' || e.target) collate "default"
          where (e.until is null or e.until > $5) and (e.source = $1 or e.source in (select target from reach))
            and (e.kind <> 'restore' or (d.data #>> array['state', 'phase'] = 'restoring'
              and d.data #>> array['state', 'choice', 'chosen'] = e.source)))
        select 0, null::text, null::text, count(*), coalesce(max(distance), 0) from reach
        union all
        select 1, phase::text, null, count(*), 0 from other where id in (select target from reach) group by phase
        union all
        select 2, kind::text, null, count(*), 0 from hanging group by kind
        union all
        (select 3, kind::text, source || ' ' || target, 0, 0 from hanging order by kind, source, target limit $7)
        union all
        (select 4, s.phase::text, p.target, 0, p.distance
         from (select target, distance from {GraphTables.Reach}
           where source = $1 and (distance, target) > ($2, $3 collate "C") order by distance, target limit $4) p
         left join {GraphTables.Standing} s on s.id = p.target order by p.distance, p.target)
        """;

    /// <param name="after">Last dependant seen: its distance and id.</param>
    public async Task<Reach> DependantsAsync(
        CheckpointId of, (int Distance, string Id)? after, int limit, DateTimeOffset now, CancellationToken ct)
    {
        var (depth, count) = (0, 0L);
        List<(CheckpointPhase, long)> phases = [];
        List<(AffectedKind, long)> kinds = [];
        List<Affected> affected = [];
        List<Dependant> page = [];
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var command = Ask(
            connection, Walk, of.ToString(), after?.Distance ?? 0, after?.Id ?? "", limit, now, DependantsMax, AffectedMax);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var name = await reader.IsDBNullAsync(1, ct) ? "" : reader.GetString(1);
            switch (reader.GetInt32(0))
            {
                case 0: (count, depth) = (reader.GetInt64(3), reader.GetInt32(4)); break;
                case 1: phases.Add((Phase(name)!.Value, reader.GetInt64(3))); break;
                case 2: kinds.Add((Kind(name), reader.GetInt64(3))); break;
                case 3: affected.Add(Hanging(Kind(name), reader.GetString(2))); break;
                default: page.Add(new Dependant(CheckpointId.Parse(reader.GetString(2)), Phase(name), reader.GetInt32(4))); break;
            }
        }

        if (count - phases.Sum(static p => p.Item2) is var verified and > 0) phases.Add((CheckpointPhase.Verified, verified));
        return new Reach(count, phases, depth, kinds, affected, page);
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

    internal static CheckpointPhase? Phase(string? text) => text is null or "" ? null : Enum.Parse<CheckpointPhase>(text, ignoreCase: true);
}
