using Lineage.Contracts.Identity;
using Lineage.Store;
using Lineage.Telemetry;

namespace Lineage.Bus;

/// <summary>
/// Gathers what waits for one checkpoint into one append. While an append of a checkpoint is under way, everything else about it queues up
/// and goes into the next one together: the busier the service, the larger its appends, and an idle one waits for nobody. Several
/// checkpoints are appended side by side.
/// </summary>
/// <remarks>
/// Nothing here is a promise: who waits is told only after the commit. A crash loses what waits, and every sender still has it. How much
/// can wait is bounded by the transports: posts by <see cref="Http.PostGate"/>, the broker by its prefetch.
/// </remarks>
internal sealed class FactIntake(IFactAppender appender, TimeProvider clock) : IFactSink
{
    /// <summary>Facts in one append: a thousand ranks with two facts each, and what one transaction holds its locks for.</summary>
    public const int AppendMax = 4_096;

    /// <summary>Appends at once; more would only wait for each other in the database.</summary>
    const int AppendsMax = 8;

    readonly Lock gate = new();
    readonly Dictionary<CheckpointId, Queue<Waiting>> lanes = [];
    readonly SemaphoreSlim appends = new(AppendsMax);

    public Task<IReadOnlyList<RefusedFact>> RecordAsync(Delivery delivery, CancellationToken ct)
    {
        var waiting = new Waiting(delivery);
        bool first;
        lock (gate)
        {
            first = !lanes.TryGetValue(delivery.Checkpoint, out var lane);
            if (first) lanes[delivery.Checkpoint] = lane = new Queue<Waiting>();
            lane!.Enqueue(waiting);
        }

        if (first) _ = Task.Run(() => DrainAsync(delivery.Checkpoint), CancellationToken.None);
        return waiting.Outcome.Task.WaitAsync(ct);
    }

    /// <summary>Appends what waits for one checkpoint until nothing does. Every failure goes to those who wait for it, so nothing is
    /// thrown here.</summary>
    async Task DrainAsync(CheckpointId checkpoint)
    {
        while (true)
        {
            await appends.WaitAsync();
            try
            {
                if (Take(checkpoint) is not { Count: > 0 } together) return;
                await AppendAsync(checkpoint, together);
            }
            finally
            {
                appends.Release();
            }
        }
    }

    List<Waiting> Take(CheckpointId checkpoint)
    {
        var (taken, facts) = (new List<Waiting>(), 0);
        lock (gate)
        {
            var lane = lanes[checkpoint];
            while (lane.TryPeek(out var next) && (taken.Count == 0 || facts + next.Delivery.Facts.Count <= AppendMax))
            {
                facts += next.Delivery.Facts.Count;
                taken.Add(lane.Dequeue());
            }

            if (taken.Count == 0) lanes.Remove(checkpoint);
        }

        return taken;
    }

    async Task AppendAsync(CheckpointId checkpoint, IReadOnlyList<Waiting> together)
    {
        try
        {
            var refused = await appender.AppendAsync(checkpoint, [.. together.Select(static w => w.Delivery)], CancellationToken.None);
            var now = clock.GetUtcNow();
            foreach (var waiting in together) Settle(waiting, refused, now);
        }
        catch (Exception e) when (e is not (StoreUnavailableException or ConcurrentChangeException) && together.Count > 1)
        {
            // A defect that one of them meets must not fail the others.
            foreach (var waiting in together) await AppendAsync(checkpoint, [waiting]);
        }
        catch (Exception e)
        {
            foreach (var waiting in together) waiting.Outcome.TrySetException(e);
        }
    }

    static void Settle(Waiting waiting, IReadOnlyList<RefusedFact> refused, DateTimeOffset now)
    {
        var lag = Math.Max(0, (now - waiting.Delivery.SentAt).TotalSeconds);
        LineageTelemetry.IngestLagSeconds.Record(lag,
            new KeyValuePair<string, object?>("carrier", waiting.Delivery.Carrier is Carrier.Http ? "http" : "broker"));
        waiting.Outcome.TrySetResult(refused.Count == 0 ? [] : [.. refused.Where(r => waiting.Delivery.Facts.Contains(r.Fact))]);
    }

    sealed record Waiting(Delivery Delivery)
    {
        public TaskCompletionSource<IReadOnlyList<RefusedFact>> Outcome { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>Appends deliveries of one checkpoint in one transaction.</summary>
internal interface IFactAppender
{
    Task<IReadOnlyList<RefusedFact>> AppendAsync(CheckpointId checkpoint, IReadOnlyList<Delivery> deliveries, CancellationToken ct);
}
