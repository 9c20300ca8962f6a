using Lineage.Checkpoints;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Http;
using Lineage.Runs;
using Lineage.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lineage.Hosting;

/// <summary>
/// Since when the service has been able to take requests without a break; an outage of the service must expire nobody's lease.
/// </summary>
sealed class Answering(TimeProvider clock)
{
    /// <summary>Null while the database is away.</summary>
    public DateTimeOffset? Since { get; private set; }

    public void Note(bool answered) => Since = answered ? Since ?? clock.GetUtcNow() : null;
}

/// <summary>
/// Turns the process managers: at each tick it reads fresh rows, asks the pure steps what is due, and sends that through the deciders,
/// which have the last word. Several servers may tick at once: whoever is second finds it already done.
/// </summary>
sealed partial class ProcessClock(
    Queries queries, Ledger ledger, Answering answering, ServerOptions options, TimeProvider clock, ILogger<ProcessClock> log)
        : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Tick, clock);
        do
        {
            try
            {
                await TickAsync(stoppingToken);
                answering.Note(answered: true);
            }
            catch (Exception e) when (e is StoreUnavailableException or ConcurrentChangeException)
            {
                answering.Note(e is not StoreUnavailableException);
                LogPostponed(log, e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    async Task TickAsync(CancellationToken ct)
    {
        await AbandonAsync(ct);
        if (answering.Since is { } since) await ExpireAsync(since, ct);
    }

    async Task AbandonAsync(CancellationToken ct)
    {
        var open = await queries.OpenCheckpointsAsync(ct);
        if (open.Count == 0) return;
        var fences = new Dictionary<RunId, RunFence>();
        foreach (var run in open.Select(static row => row.State.Id.Run).Distinct())
            if (await queries.RunAsync(run, ct) is { State: var state })
                fences[run] = new RunFence(run, state.Generation, state.Completed is not null);
        var due = SaveDeadlines.Step(open.Select(static row => new OpenSave(row.State.Id, row.State.Opened.Deadline)), fences.Values,
            clock.GetUtcNow());
        foreach (var command in due)
        {
            var decision = await CheckpointEndpoints.DecideAbandonAsync(
                ledger, CommandContext.ByServer("deadline"), at => command with { At = at }, command.Checkpoint, ct);
            if (decision is Decision.Accepted) LogAbandoned(log, command.Checkpoint.ToString(), command.Reason);
        }
    }

    async Task ExpireAsync(DateTimeOffset since, CancellationToken ct)
    {
        var held = new List<HeldLease>();
        foreach (var row in await queries.HeldRunsAsync(ct))
            if (await queries.LeaseUntilAsync(row.State.Id, row.State.Generation, ct) is { } until)
                held.Add(new HeldLease(row.State.Id, row.State.Generation, row.State.LeaseSeconds, until));
        foreach (var command in LeaseExpiry.Step(held, since, clock.GetUtcNow()))
        {
            var decision = await ledger.DecideAsync("run.expire-lease", command.Run, CommandContext.ByServer("lease"),
                async (session, token) =>
            {
                var state = await session.RunAsync(command.Run, RunHold.Exclusive, token);
                var until = await session.LeaseUntilAsync(command.Run, command.Generation, token);
                return new Decided(command.Run.StreamKey, RunDecider.Decide(state, command with { LeaseUntil = until, At = session.Now }));
            }, ct);
            if (decision is Decision.Accepted) LogExpired(log, command.Run.ToString(), command.Generation.Value);
        }
    }

    [LoggerMessage(4001, LogLevel.Warning, "Checkpoint {Checkpoint} was abandoned: {Reason}")]
    static partial void LogAbandoned(ILogger log, string checkpoint, string reason);

    [LoggerMessage(4002, LogLevel.Warning, "The lease of run {Run}, generation {Generation}, expired")]
    static partial void LogExpired(ILogger log, string run, long generation);

    [LoggerMessage(4003, LogLevel.Warning, "Deadlines and leases wait for the next tick: {Reason}")]
    static partial void LogPostponed(ILogger log, string reason);
}
