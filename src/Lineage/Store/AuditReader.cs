using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Upcasting;
using Npgsql;

namespace Lineage.Store;

/// <summary>
/// Reads the event table for auditors: everything of an event, in order of sequence, by filter. Never writes, and believes nothing: what
/// cannot be read is shown as it is.
/// </summary>
public sealed class AuditReader(NpgsqlDataSource database, LogTail tail)
{
    const string Events = $"{MartenSetup.Schema}.mt_events";

    internal const string AccessName = "access-recorded.v1", StaleName = "stale-generation-refused.v1";

    const string TimeIndex = "lineage_events_time", PeopleIndex = "lineage_events_people", AccessIndex = "lineage_events_access";

    internal static readonly string[] Indexes = [TimeIndex, PeopleIndex, AccessIndex];

    /// <summary>
    /// Appends pay for every index, so: a block-range index for times, which grow with the table; people by name, who are few among the
    /// many events of ranks; and the records of access, which every filter has to look into.
    /// </summary>
    internal static async Task CreateIndexesAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        await using var command = database.CreateCommand($"""
            create index if not exists {TimeIndex} on {Events} using brin (timestamp);
            create index if not exists {PeopleIndex} on {Events} ((user_name collate "C"), seq_id)
                where (user_name collate "C") >= 'person:' and (user_name collate "C") < 'person;';
            create index if not exists {AccessIndex} on {Events} (seq_id) where type = '{AccessName}';
            """);
        await command.ExecuteNonQueryAsync(ct);
    }

    const string Columns = """
        e.seq_id, e.stream_id, e.version, e.type, e.timestamp, coalesce(e.headers->>'actor', e.user_name), e.correlation_id, e.causation_id,
        e.headers->>'command', e.headers->>'digest', e.headers->>'link', e.data::text
        """;

    /// <summary>
    /// A page, by sequence. Nothing is shown that a lower number could still come before: oldest first it is a tail, as
    /// <see cref="EventLog"/> is.
    /// </summary>
    /// <param name="after">Sequence of the last event seen; null from the beginning of the order.</param>
    public async Task<IReadOnlyList<AuditEvent>> PageAsync(
        AuditFilter filter, long? after, bool newestFirst, int limit, CancellationToken ct)
    {
        var found = new List<AuditEvent>();
        await using var connection = await database.OpenConnectionAsync(ct);
        var reach = await tail.ReachAsync(connection, ct);
        await using var command = connection.CreateCommand();
        var where = Where(filter, command.Parameters);
        where.Add(newestFirst ? $"e.seq_id < {Bind(command.Parameters, after ?? long.MaxValue)}"
            : $"e.seq_id > {Bind(command.Parameters, after ?? 0)}");
        command.CommandText = $"select {Columns} from {Events} e where {string.Join(" and ", where)} "
            + $"order by e.seq_id {(newestFirst ? "desc" : "asc")} limit {Bind(command.Parameters, limit)}";
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            if (reader.GetInt64(0) <= reach) found.Add(await EventAsync(reader, ct));
            else if (!newestFirst) break;
        }

        return found;
    }

    /// <summary>Everything that a filter selects, oldest first.</summary>
    public async IAsyncEnumerable<AuditEvent> AllAsync(AuditFilter filter, [EnumeratorCancellation] CancellationToken ct)
    {
        for (long? after = null; ;)
        {
            var page = await PageAsync(filter, after, newestFirst: false, Queries.PageMax, ct);
            foreach (var e in page) yield return e;
            if (page.Count < Queries.PageMax) yield break;
            after = page[^1].Sequence;
        }
    }

    /// <summary>One event by its place; null if there is none.</summary>
    public async Task<AuditEvent?> OneAsync(string stream, long version, CancellationToken ct)
    {
        await using var command = database.CreateCommand($"select {Columns} from {Events} e where e.stream_id = $1 and e.version = $2");
        command.Parameters.Add(new() { Value = stream });
        command.Parameters.Add(new() { Value = version });
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? await EventAsync(reader, ct) : null;
    }

    /// <summary>Links on record at the given places, in the order of <paramref name="heads"/>; null where there is no event.</summary>
    public async Task<IReadOnlyList<RecordedLink?>> LinksAsync(IReadOnlyList<AuditHead> heads, CancellationToken ct)
    {
        var found = new RecordedLink?[heads.Count];
        await using var command = database.CreateCommand($"""
            select h.place, e.seq_id, e.type, e.timestamp, e.headers->>'actor', e.headers->>'link'
            from unnest($1::text[], $2::bigint[]) with ordinality as h(stream, version, place)
            join {Events} e on e.stream_id = h.stream and e.version = h.version
            """);
        command.Parameters.Add(new() { Value = heads.Select(static head => head.Stream).ToArray() });
        command.Parameters.Add(new() { Value = heads.Select(static head => head.Version).ToArray() });
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            found[reader.GetInt64(0) - 1] = new RecordedLink(
                reader.GetInt64(1), reader.GetString(2), await reader.GetFieldValueAsync<DateTimeOffset>(3, ct),
                await reader.TextAsync(4, ct), await reader.TextAsync(5, ct));
        return found;
    }

    static List<string> Where(AuditFilter filter, NpgsqlParameterCollection values)
    {
        var where = new List<string>();
        if (filter.Run is { } run) where.Add(OfRun(run, values));
        if (filter.Stream is { } stream) where.Add($"e.stream_id = {Bind(values, stream)}");
        if (filter.Actor is { } actor)
        {
            var who = Bind(values, actor.ToString());
            where.Add($"((e.user_name collate \"C\") = {who} or {Access($"a->>'actor' = {who}")})");
        }

        if (filter.Since is { } since) where.Add($"e.timestamp >= {Bind(values, since.ToUniversalTime())}");
        if (filter.Until is { } until) where.Add($"e.timestamp < {Bind(values, until.ToUniversalTime())}");
        if (filter.Names is { Count: > 0 } names)
        {
            var wanted = Bind(values, names.ToArray());
            where.Add($"(e.type = any({wanted}) or split_part(e.type, '.', 1) = any({wanted}))");
        }

        if (filter.Refusals) where.Add($"(e.type = '{StaleName}' or {Access("a->>'code' is not null")})");
        return where;
    }

    /// <summary>The run's own streams, and requests whose target is the run or something of it.</summary>
    static string OfRun(RunId run, NpgsqlParameterCollection values)
    {
        var name = run.ToString().Replace("_", @"\_", StringComparison.Ordinal);
        var text = Bind(values, run.ToString());
        return $"(e.stream_id = 'run/' || {text} or e.stream_id like {Bind(values, $"checkpoint/{name}/%")}"
            + $" or e.stream_id like {Bind(values, $"recovery/{name}/%")} or "
            + Access($"a->>'target' = {text} or starts_with(a->>'target', {text}) "
                + $"and substr(a->>'target', length({text}) + 1, 1) in ('/', '@', ':', '~')") + ")";
    }

    /// <summary>A record of access with such an entry <c>a</c>.</summary>
    static string Access(string entry) =>
        $"(e.type = '{AccessName}' and exists (select from jsonb_array_elements(e.data->'entries') a where {entry}))";

    static string Bind(NpgsqlParameterCollection values, object value)
    {
        values.Add(new NpgsqlParameter { Value = value });
        return string.Create(CultureInfo.InvariantCulture, $"${values.Count}");
    }

    static async Task<AuditEvent> EventAsync(NpgsqlDataReader reader, CancellationToken ct)
    {
        var (name, body) = (reader.GetString(3), JsonElement.Parse(reader.GetString(11)));
        return new AuditEvent(
            reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2), name, await reader.GetFieldValueAsync<DateTimeOffset>(4, ct),
            await reader.TextAsync(5, ct), await reader.TextAsync(6, ct), await reader.TextAsync(7, ct), await reader.TextAsync(8, ct),
            await reader.TextAsync(9, ct), await reader.TextAsync(10, ct), EventReader.Today.Tell(name, body), body);
    }
}

/// <summary>What an event's header says its link is.</summary>
public sealed record RecordedLink(long Sequence, string Name, DateTimeOffset At, string? Actor, string? Link);
