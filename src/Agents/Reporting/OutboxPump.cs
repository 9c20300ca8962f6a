using System.Threading.Channels;
using Lineage.Agents.Client;
using Lineage.Agents.Tiers;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.Agents.Reporting;

/// <summary>
/// Carries facts from the outbox to the service until they are settled: the shell around <see cref="PumpStep"/>. One background loop; a
/// service that is away only makes it wait.
/// </summary>
/// <param name="ask">Reads a checkpoint from the service; a <see cref="LineageProblemException"/> counts as no answer.</param>
/// <param name="report">Told once when facts cannot be delivered, and again when they can; for logs.</param>
public sealed class OutboxPump(
    Outbox outbox, IFactPublisher publisher, Func<CheckpointId, CancellationToken, Task<CheckpointView>> ask, TimeProvider clock,
    Action<string> report, IDurableSteps? steps = null) : IAsyncDisposable
{
    readonly Channel<PumpInput> inputs = Channel.CreateUnbounded<PumpInput>(new UnboundedChannelOptions { SingleReader = true });
    readonly CancellationTokenSource stop = new();
    readonly SteadyClock steady = SteadyClock.Over(clock);
    readonly IDurableSteps steps = steps ?? NoSteps.Instance;
    Task loop = Task.CompletedTask;
    bool away;

    public static OutboxPump For(
        Outbox outbox, IFactPublisher publisher, LineageClient client, TimeProvider clock, Action<string> report,
        IDurableSteps? steps = null) =>
        new(outbox, publisher, client.GetCheckpointAsync, clock, report, steps);

    /// <summary>Starts with what an earlier process left in the outbox.</summary>
    public void Start()
    {
        foreach (var fact in outbox.Entries) Added(fact);
        loop = Task.Run(() => RunAsync(stop.Token));
    }

    /// <summary>A fact has become durable in the outbox.</summary>
    public void Added(FactMessage fact) => inputs.Writer.TryWrite(new PumpInput.Added(fact));

    /// <summary>Somebody read a checkpoint; saves the pump from asking.</summary>
    public void Observe(CheckpointView view) => inputs.Writer.TryWrite(new PumpInput.Stood(view));

    /// <summary>True when the outbox became empty within the bound.</summary>
    public async Task<bool> DrainAsync(TimeSpan bound, CancellationToken ct)
    {
        var until = steady.GetUtcNow() + bound;
        while (outbox.Count > 0)
        {
            if (steady.GetUtcNow() >= until) return false;
            await Task.Delay(TimeSpan.FromMilliseconds(20), steady, ct);
        }

        return true;
    }

    async Task RunAsync(CancellationToken ct)
    {
        var state = PumpState.Empty;
        while (!ct.IsCancellationRequested)
        {
            var input = await NextAsync(state, ct);
            if (input is null) return;
            var pending = new Queue<PumpInput>([input]);
            while (pending.TryDequeue(out var next))
            {
                (state, var effects) = PumpStep.Next(state, next, steady.GetUtcNow());
                foreach (var effect in effects)
                    if (await DoAsync(effect, ct) is { } answer) pending.Enqueue(answer);
            }
        }
    }

    /// <summary>The next input, a tick when something is due, or null when the pump is stopped.</summary>
    async Task<PumpInput?> NextAsync(PumpState state, CancellationToken ct)
    {
        if (inputs.Reader.TryRead(out var ready)) return ready;
        var wait = state.NextAt is { } at ? at - steady.GetUtcNow() : Timeout.InfiniteTimeSpan;
        if (state.NextAt is not null && wait <= TimeSpan.Zero) return new PumpInput.Tick();
        using var due = new CancellationTokenSource(wait, steady);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, due.Token);
        try
        {
            return await inputs.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            return ct.IsCancellationRequested ? null : new PumpInput.Tick();
        }
    }

    async Task<PumpInput?> DoAsync(PumpEffect effect, CancellationToken ct)
    {
        try
        {
            switch (effect)
            {
                case PumpEffect.Send send:
                    await SendAsync(send, ct);
                    return null;
                case PumpEffect.Ask asked:
                    var view = await ask(asked.Checkpoint, ct);
                    return new PumpInput.Stood(view);
                case PumpEffect.Remove remove:
                    steps.Reached(DurableStep.Acknowledged);
                    outbox.Remove(remove.Fact.Id);
                    steps.Reached(DurableStep.OutboxRemoved);
                    return null;
                default:
                    throw new System.Diagnostics.UnreachableException();
            }
        }
        catch (LineageProblemException e)
        {
            Note(away: true, e.Problem.Detail);
            return effect is PumpEffect.Send failed ? new PumpInput.SendFailed([.. failed.Facts.Select(static fact => fact.Id)]) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Only removing touches the disk. The entry is forgotten here and, if its file stays, settled again by the next process.
            report($"A settled fact could not be removed from the outbox: {e.Message}");
            return null;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return null;
        }
    }

    async Task SendAsync(PumpEffect.Send send, CancellationToken ct)
    {
        // The diff goes ahead of its store report the first time only: afterwards the store report alone says everything.
        var facts = send.Facts.SelectMany(fact => fact is ShardStoreReported stored && send.First.Contains(fact.Id)
            ? new[] { FactStanding.DiffOf(stored), fact }
            : [fact]).ToList();
        await publisher.PublishAsync(facts, ct);
        Note(away: false, "");
        steps.Reached(DurableStep.Published);
    }

    void Note(bool away, string detail)
    {
        if (away == this.away) return;
        this.away = away;
        report(away ? $"{outbox.Count} facts wait in the outbox: {detail}" : "The outbox is being delivered again.");
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        inputs.Writer.TryComplete();
        await loop;
        stop.Dispose();
    }
}
