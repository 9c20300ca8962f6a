using System.Globalization;
using Lineage.Contracts.Events;
using Lineage.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lineage.Audit;

/// <summary>
/// Writes what was asked and refused to <c>access/{server}/{yyyy-MM-dd}</c>, about once a second and once more at the end.
/// </summary>
/// <remarks>
/// Not in the transaction of what was asked: a server that is killed takes the entries of its last second with it, and one that cannot
/// reach its database for long says afterwards how many it dropped. A batch whose commit was ambiguous is found again by its command.
/// </remarks>
public sealed partial class AccessJournal(Ledger ledger, TimeProvider clock, ILogger<AccessJournal> log) : BackgroundService
{
    static readonly TimeSpan Every = TimeSpan.FromSeconds(1), LastWrite = TimeSpan.FromSeconds(5);

    readonly AccessBuffer buffer = new();
    readonly SemaphoreSlim writing = new(1);
    AccessBatch? unwritten;
    long batches;

    /// <summary>Names this process, so that its streams are its own.</summary>
    public string Server { get; } = string.Create(CultureInfo.InvariantCulture,
        $"{new string([.. Environment.MachineName.Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '-')])}-{Environment.ProcessId}");

    public string StreamAt(DateTimeOffset at) =>
        string.Create(CultureInfo.InvariantCulture, $"access/{Server}/{at.UtcDateTime:yyyy-MM-dd}");

    public void Note(AccessEntry entry) => buffer.Note(entry);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken)) await WriteAsync(stoppingToken);
    }

    /// <summary>The last entries are written after the last request was answered: this service stops after the listener.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var bound = new CancellationTokenSource(LastWrite, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, bound.Token);
        try
        {
            await WriteAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            LogLost(log, Server);
        }
    }

    /// <summary>Writes everything that waits, or as much as the database takes.</summary>
    public async Task WriteAsync(CancellationToken ct)
    {
        await writing.WaitAsync(ct);
        try
        {
            while ((unwritten ??= buffer.Take()) is { } batch)
            {
                await AppendAsync(batch, ct);
                (unwritten, batches) = (null, batches + 1);
            }
        }
        catch (Exception e) when (e is StoreUnavailableException or ConcurrentChangeException)
        {
            LogPostponed(log, e.Message);
        }
        finally
        {
            writing.Release();
        }
    }

    Task<bool> AppendAsync(AccessBatch batch, CancellationToken ct)
    {
        var command = string.Create(CultureInfo.InvariantCulture, $"access/{Server}/{batches}");
        return AppendOnceAsync(
            at => new AccessRecorded(Server, batch.Entries, at, batch.Dropped > 0 ? batch.Dropped : null),
            CommandContext.ByServer("access") with { Command = command }, ct);
    }

    /// <summary>Appends one event to this process's stream of today, unless the newest one there is of the same command.</summary>
    public Task<bool> AppendOnceAsync(Func<DateTimeOffset, object> make, CommandContext context, CancellationToken ct)
    {
        var stream = StreamAt(clock.GetUtcNow());   // one stream for all attempts, also over midnight
        return ledger.ExecuteAsync("access.record", async (session, token) =>
        {
            var row = await session.AccessAsync(stream, token);
            if (string.Equals(row?.Last, context.Command, StringComparison.Ordinal)) return false;
            session.Append(stream, make(session.Now), context);
            return true;
        }, ct);
    }

    public override void Dispose()
    {
        base.Dispose();
        writing.Dispose();
    }

    [LoggerMessage(4101, LogLevel.Warning, "Records of access wait for the database: {Reason}")]
    static partial void LogPostponed(ILogger log, string reason);

    [LoggerMessage(4102, LogLevel.Error, "{Server} stopped before its last records of access were written")]
    static partial void LogLost(ILogger log, string server);
}
