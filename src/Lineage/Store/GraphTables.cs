using Npgsql;

namespace Lineage.Store;

/// <summary>
/// Edges of the graph, what its chains reach, and the standing of every checkpoint in narrow tables (docs/adr/0019); and the telemetry
/// series. Triggers keep the first three, in the transaction of what they follow: whoever writes an event or a row keeps them, a bulk load
/// included. They hold nothing of their own and can be built again from events and rows at any time.
/// </summary>
/// <remarks>A server that dies while it creates them leaves nothing: tables, triggers and the first filling are one transaction.</remarks>
public static class GraphTables
{
    /// <summary>What hangs on a checkpoint, forks included. <c>source</c> is always a checkpoint, without the prefix of its
    /// stream.</summary>
    internal const string Edges = $"{MartenSetup.Schema}.graph_edges";

    /// <summary>Base edges, transitively: every checkpoint (<c>target</c>) with every link below it in its chain (<c>source</c>), and how
    /// many deltas lie between. A chain has few links, so it is small; what a damaged base takes down is one range of its key.</summary>
    internal const string Reach = $"{MartenSetup.Schema}.base_reach";

    internal const string Standing = $"{MartenSetup.Schema}.checkpoint_standing", Series = $"{MartenSetup.Schema}.series";

    const string Events = $"{MartenSetup.Schema}.mt_events", Rows = $"{MartenSetup.Schema}.mt_doc_checkpoint";

    /// <summary>Events that make or end an edge.</summary>
    const string Kinds = """
        'checkpoint-opened.v1','checkpoint-rebased.v1','run-forked.v1','restore-point-chosen.v1','checkpoint-exported.v1',
        'checkpoint-pinned.v1','checkpoint-unpinned.v1','hold-placed.v1','hold-lifted.v1','tag-placed.v1','tag-removed.v1'
        """;

    internal static readonly string[] EventIndexes = ["lineage_events_exported"];

    const string Tables = $"""
        create table if not exists {Edges} (
          source text collate "C" not null, kind text collate "C" not null, target text collate "C" not null, until timestamptz,
          primary key (kind, source, target));
        create index if not exists graph_edges_target on {Edges} (target, kind) include (source);
        create table if not exists {Reach} (
          source text collate "C" not null, distance int not null, target text collate "C" not null,
          primary key (source, distance, target));
        create index if not exists base_reach_target on {Reach} (target) include (source, distance);
        create table if not exists {Standing} (
          id text collate "C" primary key, run_name text collate "C" not null, phase text collate "C" not null, sealed_at timestamptz,
          checked_at timestamptz);
        create index if not exists checkpoint_standing_other on {Standing} (run_name, id) include (phase) where phase <> 'verified';
        create index if not exists checkpoint_standing_checked on {Standing} ((coalesce(checked_at, sealed_at)), id)
          where phase in ('sealed', 'verified');
        create table if not exists {Series} (
          run_name text collate "C" not null, name text collate "C" not null, generation bigint not null, step bigint not null,
          value double precision, primary key (run_name, name, generation, step));
        create index if not exists lineage_events_exported on {Events} (seq_id) where type = 'audit-exported.v1';
        """;

    /// <summary>Everything that needs <c>child</c> needs what <c>base</c> needs, and <c>base</c>. While a rewrite moves a part of the
    /// forest nobody opens a save on it: the two take this lock, the first alone.</summary>
    const string ReachFunction = $"""
        create or replace function {MartenSetup.Schema}.base_reach_add(base text, child text) returns void language plpgsql as $body$
        begin
          if base is null then return; end if;
          insert into {Reach} select high.id, high.d + low.d + 1, low.id
            from (select base as id, 0 as d union all select source, distance from {Reach} where target = base) high,
              (select child as id, 0 as d union all select target, distance from {Reach} where source = child) low
            where high.d + low.d < 64 on conflict do nothing;
        end $body$;
        """;

    const string ReachLock = "5498703137";

    const string EdgeFunction = $"""
        create or replace function {MartenSetup.Schema}.graph_edge(of_stream text, of_version bigint, of_type text, body jsonb)
        returns void language plpgsql as $body$
        declare about text := substr(of_stream, strpos(of_stream, '/') + 1);
        begin
          case of_type
            when 'checkpoint-opened.v1' then
              perform pg_advisory_xact_lock_shared({ReachLock});
              perform {MartenSetup.Schema}.base_reach_add(body #>> array['base', 'checkpoint'], about);
            when 'checkpoint-rebased.v1' then
              perform pg_advisory_xact_lock({ReachLock});
              delete from {Reach} b using
                (select about as id union all select target from {Reach} where source = about) low,
                (select source as id from {Reach} where target = about) high
                where b.source = high.id and b.target = low.id;
              perform {MartenSetup.Schema}.base_reach_add(body #>> array['base', 'checkpoint'], about);
            when 'run-forked.v1' then
              insert into {Edges} values (body ->> 'from', 'fork', about) on conflict do nothing;
            when 'restore-point-chosen.v1' then
              insert into {Edges} select v.s, 'restore', about from (values (body ->> 'chosen')) v(s)
                where v.s is not null on conflict do nothing;
            when 'checkpoint-exported.v1' then
              insert into {Edges} values (about, 'export', of_version::text) on conflict do nothing;
            when 'checkpoint-pinned.v1', 'checkpoint-unpinned.v1' then
              delete from {Edges} where source = about and kind = 'pin';
              if of_type = 'checkpoint-pinned.v1' then
                insert into {Edges} values (about, 'pin', body ->> 'actor', (body ->> 'until')::timestamptz);
              end if;
            when 'hold-placed.v1' then
              insert into {Edges} values (about, 'hold', body ->> 'hold') on conflict do nothing;
            when 'hold-lifted.v1' then
              delete from {Edges} where source = about and kind = 'hold' and target = body ->> 'hold';
            when 'tag-placed.v1', 'tag-removed.v1' then
              delete from {Edges} where target = about || ':' || (body ->> 'tag') and kind = 'tag';
              if of_type = 'tag-placed.v1' then
                insert into {Edges} values (body ->> 'checkpoint', 'tag', about || ':' || (body ->> 'tag'));
              end if;
            else null;
          end case;
        end $body$;
        create or replace function {MartenSetup.Schema}.graph_edge_added() returns trigger language plpgsql as $body$
        begin
          perform {MartenSetup.Schema}.graph_edge(new.stream_id, new.version, new.type, new.data);
          return null;
        end $body$;
        """;

    const string StandingUpsert = $"""
        insert into {Standing} as s (id, run_name, phase, sealed_at, checked_at)
          select substr(d.id, 12), d.run_name, d.phase, (d.data #>> array['candidate', 'sealedAt'])::timestamptz,
            (d.data #>> array['candidate', 'checkedAt'])::timestamptz
        """;

    const string StandingConflict = """
          on conflict (id) do update set phase = excluded.phase, sealed_at = excluded.sealed_at, checked_at = excluded.checked_at
          where (s.phase, s.checked_at) is distinct from (excluded.phase, excluded.checked_at)
        """;

    const string StandingFunction = $"""
        create or replace function {MartenSetup.Schema}.checkpoint_standing_kept() returns trigger language plpgsql as $body$
        begin
          {StandingUpsert} from (select new.id, new.run_name, new.phase, new.data) d
          {StandingConflict};
          return null;
        end $body$;
        """;

    /// <summary>While shards arrive the phase stays open, and nothing is done.</summary>
    const string Triggers = $"""
        create or replace trigger graph_edge_added after insert on {Events} for each row when (new.type in ({Kinds}))
          execute function {MartenSetup.Schema}.graph_edge_added();
        create or replace trigger checkpoint_standing_inserted after insert on {Rows} for each row
          execute function {MartenSetup.Schema}.checkpoint_standing_kept();
        create or replace trigger checkpoint_standing_updated after update on {Rows} for each row
          when (old.phase is distinct from new.phase or new.phase = 'verified')
          execute function {MartenSetup.Schema}.checkpoint_standing_kept();
        """;

    const string Fill = $"""
        select {MartenSetup.Schema}.graph_edge(e.stream_id, e.version, e.type, e.data)
          from (select * from {Events} where type in ({Kinds}) order by seq_id) e;
        {StandingUpsert} from {Rows} d
        {StandingConflict};
        """;

    /// <summary>Creates what is missing and fills it; the tables of Marten have to be there.</summary>
    internal static async Task ApplyAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var all = await connection.BeginTransactionAsync(ct);
        await ExecuteAsync(connection, $"{Tables}{ReachFunction}{EdgeFunction}{StandingFunction}", ct);
        if (!await IsKeptAsync(connection, ct)) await ExecuteAsync(connection, $"{Triggers}{Fill}", ct);
        await all.CommitAsync(ct);
    }

    /// <summary>Builds edges and standing anew from events and rows; writers wait meanwhile.</summary>
    public static async Task RebuildAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var all = await connection.BeginTransactionAsync(ct);
        await ExecuteAsync(connection, $"""
            lock table {Events}, {Rows} in share row exclusive mode;
            delete from {Edges};
            delete from {Reach};
            delete from {Standing};
            {Fill}
            """, ct);
        await all.CommitAsync(ct);
    }

    /// <summary>To create a trigger waits for every writer, so it is done once and not at each start.</summary>
    static async Task<bool> IsKeptAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"""
            select count(*) = 3 from pg_trigger where not tgisinternal and tgrelid in ('{Events}'::regclass, '{Rows}'::regclass)
              and tgname in ('graph_edge_added', 'checkpoint_standing_inserted', 'checkpoint_standing_updated')
            """, connection);
        return await command.ExecuteScalarAsync(ct) is true;
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(ct);
    }
}
