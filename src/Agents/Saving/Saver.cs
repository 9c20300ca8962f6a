using System.Threading.Channels;
using Lineage.Agents.Capture;
using Lineage.Agents.Client;
using Lineage.Agents.Training;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Saving;

/// <summary>
/// Saves one rank's state: captures it while training stands still, and does everything else on a background writer, one save at a time,
/// so that each can build on the one before. A failed save is recorded and counted and never stops training; being fenced does.
/// </summary>
/// <remarks>
/// If the process dies, a capture that was not yet durable is gone and its checkpoint is abandoned at the deadline; one whose report is
/// in the outbox is reported by the next process of this rank.
/// </remarks>
public sealed class Saver : IAsyncDisposable
{
    readonly SaverOptions options;
    readonly SaverParts parts;
    readonly SaveRecords records;
    readonly BufferPool pool = new();
    readonly BaseSlot bases = new();
    readonly SemaphoreSlim slots;
    readonly Channel<Accepted> queue = Channel.CreateUnbounded<Accepted>(new UnboundedChannelOptions { SingleReader = true });
    readonly CancellationTokenSource stop = new();
    readonly Task writer;
    int unfinished;
    volatile Problem? fenced;
    volatile Exception? broken;

    public Saver(SaverOptions options, SaverParts parts)
    {
        this.options = options;
        this.parts = parts;
        records = new SaveRecords(options.RunDirectory, options.Rank);
        slots = new SemaphoreSlim(1 + options.WaitingMax);
        writer = Task.Run(() => WriteAllAsync(stop.Token));
    }

    /// <summary>Saves that did not end sealed.</summary>
    public int FailedSaves { get; private set; }

    public int SealedSaves { get; private set; }

    /// <summary>
    /// Returns when the state is captured. Waits first when too many saves are on their way; that wait is in the figures.
    /// </summary>
    /// <exception cref="RankRefusedException">A newer generation writes the run (exit code 71).</exception>
    public async ValueTask SaveAsync(IRankState state, Step step, bool final, CancellationToken ct)
    {
        ThrowIfStopped();
        var asked = parts.Clock.GetTimestamp();
        await slots.WaitAsync(ct);
        try
        {
            ThrowIfStopped();
            var startedAt = parts.Clock.GetTimestamp();
            var waited = (long)parts.Clock.GetElapsedTime(asked, startedAt).TotalMicroseconds;
            var captured = CapturedState.Take(state, pool, parts.Clock);
            Interlocked.Increment(ref unfinished);
            queue.Writer.TryWrite(new Accepted(captured, step, final, startedAt, waited));
        }
        catch
        {
            slots.Release();
            throw;
        }
    }

    /// <summary>
    /// Returns when every accepted save has ended and the outbox is empty, or the drain patience is over; true if all is done.
    /// </summary>
    /// <exception cref="RankRefusedException">A newer generation writes the run (exit code 71).</exception>
    public async Task<bool> DrainAsync(CancellationToken ct)
    {
        var steady = SteadyClock.Over(parts.Clock);
        var until = steady.GetUtcNow() + options.DrainPatience;
        while (Volatile.Read(ref unfinished) > 0 && steady.GetUtcNow() < until)
        {
            ThrowIfStopped();
            await Task.Delay(TimeSpan.FromMilliseconds(10), parts.Clock, ct);
        }

        ThrowIfStopped();
        var left = until - steady.GetUtcNow();
        var done = Volatile.Read(ref unfinished) == 0 && await parts.Pump.DrainAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, ct);
        if (!done)
        {
            parts.Report(
                $"Stopped waiting after {options.DrainPatience.TotalSeconds:0} s: {Volatile.Read(ref unfinished)} saves unfinished, " +
                $"{parts.Outbox.Count} reports in the outbox. They stay there and are sent by the next process of this rank.");
        }

        return done;
    }

    async Task WriteAllAsync(CancellationToken ct)
    {
        try
        {
            await foreach (var task in queue.Reader.ReadAllAsync(ct)) await WriteAsync(task, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Disposed: what was not stored never was.
        }
        catch (Exception e)
        {
            broken = e;   // a bug: the next call of the trainer gets it
        }
    }

    async Task WriteAsync(Accepted task, CancellationToken ct)
    {
        var kept = false;
        try
        {
            var run = new SaveRun(options, parts, bases, task.Captured, task.Step, task.StartedAt);
            var (end, record) = await run.RunAsync(task.WaitMicroseconds, ct);
            kept = KeepAsBase(task, end, record);
            Conclude(end, record);
        }
        finally
        {
            if (!kept) task.Captured.Dispose();
            Interlocked.Decrement(ref unfinished);
            slots.Release();
        }
    }

    bool KeepAsBase(Accepted task, SaveState.Ended end, SaveRecord record) =>
        !task.Final && end is { Outcome: SaveOutcome.Sealed, Plan: { } plan, ManifestHash: { } hash }
        && bases.Offer(plan, hash, record.StoredBytes, task.Captured);

    void Conclude(SaveState.Ended end, SaveRecord record)
    {
        if (end.Outcome == SaveOutcome.Sealed)
        {
            SealedSaves++;
            parts.OnSealed?.Invoke(new CheckpointId(options.Run, options.Generation, record.Step));
        }
        else FailedSaves++;
        if (end.Problem is { } problem)
            parts.Report($"The save of step {record.Step} ended {record.Outcome}: {problem.Detail} [{problem.Code}]");
        if (end.Outcome == SaveOutcome.Fenced) fenced = end.Problem;
        try
        {
            records.Append(record);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            parts.Report($"The figures of step {record.Step} could not be written to {records.Path}: {e.Message}");
        }
    }

    void ThrowIfStopped()
    {
        if (fenced is { } problem) throw new RankRefusedException(problem.Code, ExitCodes.Fenced, problem.Detail);
        if (broken is { } bug) throw new InvalidOperationException("The background writer of the saving library stopped.", bug);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        queue.Writer.TryComplete();
        await writer;
        while (queue.Reader.TryRead(out var task)) task.Captured.Dispose();
        bases.Dispose();
        pool.Dispose();
        slots.Dispose();
        stop.Dispose();
    }

    sealed record Accepted(CapturedState Captured, Step Step, bool Final, long StartedAt, long WaitMicroseconds);
}
