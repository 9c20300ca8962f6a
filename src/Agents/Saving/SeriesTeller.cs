using Lineage.Agents.Client;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Saving;

/// <summary>
/// Tells the service what every step measured, gathered over a few seconds. Telemetry: best effort, beside training and saving, and what
/// cannot be kept is dropped, the oldest first.
/// </summary>
/// <remarks>If the process dies, the points of its last seconds are not on record; nothing else depends on them.</remarks>
public sealed class SeriesTeller : IAsyncDisposable
{
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    readonly Func<SeriesBatch, CancellationToken, Task> post;
    readonly Action<string> report;
    readonly TimeProvider clock;
    readonly Lock mutex = new();
    readonly Queue<SeriesPoint> waiting = new();
    readonly SemaphoreSlim turn = new(1);
    readonly CancellationTokenSource stop = new();
    readonly Task teller;
    bool isSilent;

    /// <param name="post">Tells the service; a refusal or a service that is away is a <see cref="LineageProblemException"/>.</param>
    /// <param name="report">One line for the rank's log.</param>
    public SeriesTeller(Func<SeriesBatch, CancellationToken, Task> post, Action<string> report, TimeProvider clock)
    {
        (this.post, this.report, this.clock) = (post, report, clock);
        teller = TellAllAsync(stop.Token);
    }

    public static SeriesTeller For(LineageClient client, RunId run, Action<string> report, TimeProvider clock) => new(
        (batch, ct) => client.AddSeriesAsync(run, batch, ct), report, clock);

    /// <summary>Returns at once.</summary>
    public void Add(SeriesPoint point)
    {
        lock (mutex)
        {
            waiting.Enqueue(point);
            if (waiting.Count > SeriesBatch.PointsMax) waiting.Dequeue();
        }
    }

    /// <summary>Returns when everything so far was told or given up, or when patience is over.</summary>
    public async Task DrainAsync(TimeSpan patience, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct, stop.Token);
        var told = TellAsync(limit.Token);
        await Task.WhenAny(told, Task.Delay(patience, clock, ct));
        await limit.CancelAsync();
        await told;
    }

    async Task TellAllAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Every, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(ct)) await TellAsync(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Disposed: what was not told is not on record.
        }
    }

    async Task TellAsync(CancellationToken ct)
    {
        var points = Array.Empty<SeriesPoint>();
        try
        {
            await turn.WaitAsync(ct);
            try
            {
                points = Take();
                if (points.Length == 0) return;
                await post(new SeriesBatch(points), ct);
                isSilent = false;
            }
            finally
            {
                turn.Release();
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Stopped, or out of patience: these points are dropped like others before them.
        }
        catch (LineageProblemException e)
        {
            if (isSilent) return;
            isSilent = true;   // said once, until it works again: a service that is away is away for every batch
            report($"{points.Length:N0} points of the run's series were not recorded: {e.Problem.Detail} [{e.Code}]");
        }
    }

    SeriesPoint[] Take()
    {
        lock (mutex)
        {
            SeriesPoint[] points = [.. waiting];
            waiting.Clear();
            return points;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await teller;
        stop.Dispose();
        turn.Dispose();
    }
}
