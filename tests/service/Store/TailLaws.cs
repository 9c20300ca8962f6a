using Lineage.Contracts.Identity;
using Lineage.Store;
using Lineage.Tests.Service.Worlds;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Lineage.Tests.Service.Store;

/// <summary>Tails of the log against transactions that overlap in the database itself.</summary>
public sealed class TailLaws
{
    /// <summary>Found by the simulator: a transaction that began earlier and drew the higher number was shown while the lower one was
    /// still to come, and the tail never went back for it.</summary>
    [Fact]
    public async Task A_tail_never_passes_a_number_that_is_still_to_come()
    {
        await using var server = await RunningServer.StartAsync();
        var story = await Story.BeginAsync(server.Client, "tail");
        var log = server.Server.Services.GetRequiredService<EventLog>();
        var seen = await log.OfRunAsync(story.Run, 0, 100, default);
        await using var database = NpgsqlDataSource.Create(server.Server.Postgres!.ConnectionString);
        await using var older = await database.OpenConnectionAsync();
        await using var younger = await database.OpenConnectionAsync();
        await using var first = await older.BeginTransactionAsync();
        await RunAsync(older, "select pg_current_xact_id()");
        await using var second = await younger.BeginTransactionAsync();
        var lower = await AppendAsync(younger, story.Run, 1_001);
        var higher = await AppendAsync(older, story.Run, 1_002);
        await first.CommitAsync();
        Assert.True(lower < higher);

        var meanwhile = await log.OfRunAsync(story.Run, seen[^1].Sequence, 100, default);
        Assert.Empty(meanwhile);
        await second.CommitAsync();
        var after = await log.OfRunAsync(story.Run, seen[^1].Sequence, 100, default);
        Assert.Equal([lower, higher], after.Select(static e => e.Sequence));
    }

    /// <summary>An event as the run's first one, under the next sequence number.</summary>
    static async Task<long> AppendAsync(NpgsqlConnection connection, RunId run, int version) => (long)(await RunAsync(
        connection,
        $"""
        insert into {MartenSetup.Schema}.mt_events
        select (jsonb_populate_record(e, jsonb_build_object(
            'seq_id', nextval('{MartenSetup.Schema}.mt_events_sequence'), 'id', gen_random_uuid(), 'version', {version}))).*
        from {MartenSetup.Schema}.mt_events e where e.stream_id = '{run.StreamKey}' and e.version = 1
        returning seq_id
        """))!;

    static async Task<object?> RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
