using System.Globalization;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Worlds;
using Npgsql;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>What an administrator, or somebody else with a connection, does to the private PostgreSQL of our own world.</summary>
static class PostgresHands
{
    const int ConnectionsMax = 1_000, RoundsOtherwise = 3, RoundsMax = 50;

    static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(150);

    /// <summary>A transaction holds the table of events, writes nothing and sleeps; whoever appends or reads has to wait for it.</summary>
    public static async Task<string?> HoldLockAsync(FilePlay play, ScheduledFault fault)
    {
        if (await OpenAsync(play) is not { } holder) return null;
        play.Held[fault.Id] = holder;   // closing it ends the transaction
        await RunAsync(holder, "begin; lock table lineage.mt_events in access exclusive mode", play.Stage.Cancellation);
        play.Stage.Record.Paused += FilePlay.Lasting(fault);   // whoever commits stands still for so long
        play.LetGo(fault);
        var waiting = 0L;
        await play.Stage.UntilAsync("somebody to wait for the lock", async () => (waiting = await NumberAsync(
            holder, "select count(*) from pg_locks where not granted and relation = 'lineage.mt_events'::regclass",
            play.Stage.Cancellation)) > 0);
        return $"a sleeping transaction holds lineage.mt_events; {waiting} wait for it";
    }

    /// <summary>Every connection of the server is ended, so many times as the amount says, or three.</summary>
    public static async Task<string?> KillConnectionsAsync(FilePlay play, ScheduledFault fault)
    {
        if (await OpenAsync(play) is not { } killer) return null;
        await using var close = killer;
        play.LetGo(fault);
        var (ended, rounds) = (0L, fault.Amount > 0 ? Math.Min(fault.Amount, RoundsMax) : RoundsOtherwise);
        for (var round = 0; round < rounds; round++)
        {
            var now = 0L;
            await play.Stage.UntilAsync("a connection to end", async () => (now = await EndOthersAsync(killer, play)) > 0);
            ended += now;
            await Task.Delay(Gap, play.Stage.Clock, play.Stage.Cancellation);
        }

        return $"{ended} connections were ended in {rounds} rounds";
    }

    /// <summary>All connections that there may be are ours, and the server's are ended: it gets none any more.</summary>
    public static async Task<string?> ExhaustConnectionsAsync(FilePlay play, ScheduledFault fault)
    {
        List<NpgsqlConnection> ours = [];
        play.Held[fault.Id] = new Undo(async () =>
        {
            foreach (var one in ours) await one.DisposeAsync();
        });
        play.LetGo(fault);
        string? refusal = null;
        await play.Stage.UntilAsync("no connection to be left", async () =>
        {
            refusal = await OpenAllAsync(play, ours);
            return refusal is not null && ours.Count > 0 && await EndOthersAsync(ours[0], play) == 0;
        });
        play.Stage.Record.Paused += FilePlay.Lasting(fault);
        return $"{ours.Count} connections are ours and the server has none: {refusal}";
    }

    /// <summary>
    /// An administrator switches synchronous commit off for the service's role, and the service connects anew. So that nothing is kept by
    /// luck, the process that writes the log behind stands still until something was acknowledged; then PostgreSQL is killed.
    /// </summary>
    public static async Task<string?> CommitAsynchronouslyAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.World.PostgresProcess is not { } before || await OpenAsync(play) is not { } administrator) return null;
        var ct = play.Stage.Cancellation;
        await using (administrator)
        {
            await RunAsync(administrator, "alter role lineage set synchronous_commit = off", ct);
            await EndOthersAsync(administrator, play);
            var writer = await NumberAsync(administrator, "select pid from pg_stat_activity where backend_type = 'walwriter'", ct);
            ChildProcess.Send((int)writer, Signal.Stop);
            play.LetGo(fault);
            var known = (await play.Stage.LogAsync()).Count;
            await play.Stage.UntilAsync("something to be acknowledged", async () => (await play.Stage.LogAsync()).Count > known);
            foreach (var process in Enumerable.Reverse(ProcessTable.WithDescendants([before]))) ChildProcess.Send(process, Signal.Kill);
        }

        await play.Stage.UntilAsync("PostgreSQL to be started again", () => Task.FromResult(
            play.World.PostgresProcess is { } now && now != before));
        return "synchronous commit was off for the role lineage when PostgreSQL was killed after an acknowledgement";
    }

    public static async Task CommitSynchronouslyAsync(FilePlay play, ScheduledFault fault) => await play.Stage.UntilAsync(
        "the setting to be taken back", async () =>
        {
            if (await OpenAsync(play) is not { } administrator) return false;
            await using var close = administrator;
            await RunAsync(administrator, "alter role lineage reset synchronous_commit", play.Stage.Cancellation);
            return true;
        });

    /// <summary>Null while PostgreSQL takes no connection.</summary>
    public static async Task<NpgsqlConnection?> OpenAsync(FilePlay play)
    {
        NpgsqlConnection? connection = null;
        try
        {
            connection = new NpgsqlConnection(play.World.EventStore);
            await connection.OpenAsync(play.Stage.Cancellation);
            return connection;
        }
        catch (Exception away) when (away is NpgsqlException or WorldException or IOException)
        {
            if (connection is not null) await connection.DisposeAsync();
            return null;
        }
    }

    public static async Task RunAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }

    static async Task<long> NumberAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(ct), CultureInfo.InvariantCulture);
    }

    /// <returns>Why there are no more.</returns>
    static async Task<string?> OpenAllAsync(FilePlay play, List<NpgsqlConnection> ours)
    {
        while (ours.Count < ConnectionsMax)
        {
            var one = new NpgsqlConnection(play.World.EventStore + ";Application Name=chaos");
            try
            {
                await one.OpenAsync(play.Stage.Cancellation);
                ours.Add(one);
            }
            catch (PostgresException full) when (full.SqlState == PostgresErrorCodes.TooManyConnections)
            {
                await one.DisposeAsync();
                return full.MessageText;
            }
        }

        return null;
    }

    /// <returns>How many of the service's connections there were.</returns>
    static Task<long> EndOthersAsync(NpgsqlConnection connection, FilePlay play) => NumberAsync(
        connection,
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = 'lineage' and pid <> pg_backend_pid() "
        + "and application_name <> 'chaos'", play.Stage.Cancellation);
}
