using System.Globalization;
using Lineage.Bench.Reporting;
using Lineage.Contracts.Messages;
using RabbitMQ.Client;

namespace Lineage.Bench.Ingest;

/// <summary>
/// Load for some minutes while server, PostgreSQL and RabbitMQ are killed with SIGKILL at seeded moments; then everything heals and the
/// record is judged: nothing acknowledged lost, rows equal to replay, queues empty, chains whole.
/// </summary>
sealed class KillSuite(Output output, TimeProvider clock, TimeSpan time, int seed)
{
    static readonly TimeSpan DrainMax = TimeSpan.FromMinutes(2), Poll = TimeSpan.FromMilliseconds(500);

    readonly Dictionary<Victim, int> kills = Enum.GetValues<Victim>().ToDictionary(static v => v, static _ => 0);

    /// <returns>True if the record stands.</returns>
    public async Task<bool> RunAsync()
    {
        Output.Narrate($"killing for {time.TotalMinutes:0.##} minutes, seed {seed}");
        await using var world = await KillWorld.StartAsync(clock, CancellationToken.None);
        using var client = world.Client();
        var load = new KillLoad(client, world.Broker, clock);
        using var over = new CancellationTokenSource(time, clock);
        var saving = load.RunAsync(over.Token);
        await KillOnAsync(world, over.Token);
        Output.Narrate("healed: waiting for the last saves and for the queues");
        await saving;
        var (left, dead) = await DrainAsync(world);
        await using var database = world.Database();
        var judge = new RecordJudge(database);
        await judge.JudgeAsync(load, CancellationToken.None);
        if (left > 0) judge.Objections.Add($"{left} messages are stuck in {BusTopology.FactsQueue}");
        var letters = await CountAsync(database, "select count(*) from lineage.dead_letters");
        if (letters + dead > 0)
            judge.Objections.Add($"{letters} dead letters in the table, {dead} in the broker: nothing here is refusable");
        Report(load, judge, letters + dead);
        return judge.Objections.Count == 0;
    }

    async Task KillOnAsync(KillWorld world, CancellationToken over)
    {
        var random = new Random(seed);
        while (!over.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(300, 4_000)), clock, over);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            var victim = (Victim)random.Next(3);
            kills[victim]++;
            Output.Narrate($"kill -9 {victim}");
            await world.KillAsync(victim, CancellationToken.None);
        }
    }

    /// <summary>What is left in the facts' queue once nothing moves any more, and in the dead letters' queue.</summary>
    async Task<(uint Left, uint Dead)> DrainAsync(KillWorld world)
    {
        await using var connection = await new ConnectionFactory { Uri = world.Broker }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        var until = clock.GetUtcNow() + DrainMax;
        while (true)
        {
            var left = await channel.MessageCountAsync(BusTopology.FactsQueue);
            var dead = await channel.MessageCountAsync(BusTopology.DeadLetters);
            if (left + dead == 0 || clock.GetUtcNow() > until) return (left, dead);
            await Task.Delay(Poll, clock);
        }
    }

    static async Task<long> CountAsync(Npgsql.NpgsqlDataSource database, string query)
    {
        await using var command = database.CreateCommand(query);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    void Report(KillLoad load, RecordJudge judge, long dead)
    {
        foreach (var objection in judge.Objections.Take(20)) Output.Narrate($"NOT as it must be: {objection}");
        output.Heading("Killed under load");
        var table = new Table("what", ">figure");
        (string, object)[] figures =
        [
            ("minutes", time.TotalMinutes), ("seed", seed), ("kills_server", kills[Victim.Server]),
            ("kills_postgres", kills[Victim.Postgres]),
            ("kills_rabbitmq", kills[Victim.Broker]), ("sealed_acknowledged", load.Sealed.Count), ("facts_acknowledged", load.Stored.Count),
            ("sends", load.Sends), ("calls_failed", load.Failures), ("events", judge.Events), ("streams", judge.Streams),
            ("rows_compared", judge.Rows), ("dead_letters", (int)dead), ("objections", judge.Objections.Count),
            ("verified", judge.Objections.Count == 0),
        ];
        foreach (var (name, value) in figures) table.Add(name.Replace('_', ' '), Convert.ToString(value, CultureInfo.InvariantCulture)!);
        output.Table(table);
        output.Line([("kill", "server, postgres, rabbitmq"), .. figures.Select(static f => (f.Item1, (object?)f.Item2))]);
    }
}
