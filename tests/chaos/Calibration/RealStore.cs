using Lineage.ChaosHarness.Faults;
using Lineage.Store;
using Marten;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Lineage.Tests.Chaos.Calibration;

/// <summary>A PostgreSQL of our own with production's schema, and one connection for each racer through a proxy of its own.</summary>
sealed class RealStore : IAsyncDisposable
{
    /// <summary>COMMIT takes this long, so that it can be hit. Only connections of racers are slow.</summary>
    const string SlowCommit = """
        create function lineage.calibration_slow() returns trigger language plpgsql as $f$ begin
            if current_setting('application_name') like 'racer%' then perform pg_sleep(0.15); end if;
            return null;
        end $f$;
        create constraint trigger calibration_slow after insert on lineage.mt_events deferrable initially deferred
            for each row execute function lineage.calibration_slow()
        """;

    const int PollsMax = 400;

    readonly string folder;
    readonly StateDirectory state;
    readonly PrivatePostgres postgres;
    readonly NpgsqlDataSource admin;
    readonly List<Racer> racers = [];

    RealStore(string folder, StateDirectory state, PrivatePostgres postgres, NpgsqlDataSource admin) =>
        (this.folder, this.state, this.postgres, this.admin) = (folder, state, postgres, admin);

    /// <param name="Name">Of its connection, as PostgreSQL shows it.</param>
    public sealed record Racer(string Name, NpgsqlDataSource Source, IDocumentStore Store, TcpProxy Proxy);

    public IReadOnlyList<Racer> Racers => racers;

    public static async Task<RealStore> StartAsync(int racers, CancellationToken ct)
    {
        var folder = Directory.CreateTempSubdirectory("lineage-calibration-").FullName;
        var state = StateDirectory.Open(folder);
        var postgres = await PrivatePostgres.StartAsync(state, TimeProvider.System, NullLogger.Instance, ct);
        var real = new RealStore(folder, state, postgres, NpgsqlDataSource.Create(postgres.ConnectionString));
        await using (var store = StoreOf(real.admin)) await MartenSetup.ApplyAsync(store, real.admin, ct);
        await real.ExecuteAsync(SlowCommit, ct);
        for (var racer = 0; racer < racers; racer++) real.racers.Add(real.Enter($"racer{racer}"));
        return real;
    }

    static DocumentStore StoreOf(NpgsqlDataSource source) =>
        DocumentStore.For(options => MartenSetup.Configure(options, source, TimeProvider.System));

    Racer Enter(string name)
    {
        var proxy = new TcpProxy(postgres.Port, TimeProvider.System);
        var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(postgres.PublicConnectionString)
        {
            Port = proxy.Port,
            Passfile = null,
            Password = File.ReadAllText(postgres.PasswordFile),
            ApplicationName = name,
            MaxPoolSize = 1,
            Timeout = 10,
        }.ConnectionString);
        return new Racer(name, source, StoreOf(source), proxy);
    }

    async Task<int> ExecuteAsync(string sql, CancellationToken ct)
    {
        await using var command = admin.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync(ct);
    }

    public async Task KillAsync(Racer racer, CancellationToken ct)
    {
        await using var command = admin.CreateCommand(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = $1");
        command.Parameters.Add(new() { Value = racer.Name });
        await command.ExecuteScalarAsync(ct);
    }

    /// <returns>False if it ended before that, because it lost its race.</returns>
    public async Task<bool> IsCommittingAsync(Racer racer, Task commit, CancellationToken ct)
    {
        for (var poll = 0; poll < PollsMax && !commit.IsCompleted; poll++)
            if (await CountAsync(racer, "state = 'active' and upper(query) like 'COMMIT%'", ct) > 0) return true;
        return false;
    }

    /// <summary>Waits until the server is through with what it was asked.</summary>
    public async Task DoneAsync(Racer racer, CancellationToken ct)
    {
        for (var poll = 0; poll < PollsMax * 10; poll++)
            if (await CountAsync(racer, "state = 'active'", ct) == 0) return;
        throw new TimeoutException($"{racer.Name} is at work for ever.");
    }

    async Task<long> CountAsync(Racer racer, string condition, CancellationToken ct)
    {
        await using var command = admin.CreateCommand(
            $"select count(*) from pg_stat_activity where application_name = $1 and {condition}");
        command.Parameters.Add(new() { Value = racer.Name });
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    public async Task<IReadOnlyList<HeldEvent>> HeldAsync(string stream, CancellationToken ct)
    {
        await using var command = admin.CreateCommand(
            "select version, coalesce(data->>'attempt', 'begin') from lineage.mt_events where stream_id = $1 order by version");
        command.Parameters.Add(new() { Value = stream });
        var held = new List<HeldEvent>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) held.Add(new HeldEvent(reader.GetInt64(0), reader.GetString(1)));
        return held;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var racer in racers)
        {
            racer.Store.Dispose();
            await racer.Source.DisposeAsync();
            await racer.Proxy.DisposeAsync();
        }

        await admin.DisposeAsync();
        await postgres.DisposeAsync();
        state.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
