using System.Threading.Channels;
using Lineage.Agents.Client;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Saving;

/// <summary>
/// Tells the service what was measured at a step once the checkpoint of that step is sealed. Best effort, beside training and saving: what
/// cannot be told is said in the rank's log and dropped.
/// </summary>
/// <remarks>If the process dies before it was told, the checkpoint has no metrics; everything else about it is as it would be.</remarks>
public sealed class MetricsRecorder : IAsyncDisposable
{
    /// <summary>Steps whose save has not ended are few; more than this are of saves that never will.</summary>
    const int MeasuredMax = 64;

    readonly Func<CheckpointId, IReadOnlyDictionary<string, double?>, CancellationToken, Task> record;
    readonly Action<string> report;
    readonly Lock mutex = new();
    readonly SortedDictionary<Step, IReadOnlyDictionary<string, double?>> measured = [];
    readonly Channel<Told> queue = Channel.CreateUnbounded<Told>(new UnboundedChannelOptions { SingleReader = true });
    readonly CancellationTokenSource stop = new();
    readonly Task teller;

    /// <param name="record">Tells the service; a refusal or a service that is away is a <see cref="LineageProblemException"/>.</param>
    /// <param name="report">One line for the rank's log.</param>
    public MetricsRecorder(
        Func<CheckpointId, IReadOnlyDictionary<string, double?>, CancellationToken, Task> record, Action<string> report)
    {
        (this.record, this.report) = (record, report);
        teller = Task.Run(() => TellAllAsync(stop.Token));
    }

    public static MetricsRecorder For(LineageClient client, Action<string> report) => new(
        (id, metrics, ct) => client.RecordMetricsAsync(id, new RecordMetrics(metrics), ct), report);

    sealed record Told(CheckpointId Checkpoint, IReadOnlyDictionary<string, double?> Metrics, TaskCompletionSource? Drained = null);

    /// <summary>What the state has that is saved at this step.</summary>
    public void Measured(Step step, IReadOnlyDictionary<string, double?> metrics)
    {
        lock (mutex)
        {
            measured[step] = metrics;
            while (measured.Count > MeasuredMax) measured.Remove(measured.Keys.First());
        }
    }

    public void Sealed(CheckpointId checkpoint)
    {
        IReadOnlyDictionary<string, double?>? metrics;
        lock (mutex)
        {
            if (!measured.Remove(checkpoint.Step, out metrics)) return;
        }

        queue.Writer.TryWrite(new Told(checkpoint, metrics));
    }

    /// <summary>Returns when everything sealed so far was told or given up, or when patience is over.</summary>
    public async Task DrainAsync(TimeSpan patience, TimeProvider clock, CancellationToken ct)
    {
        var drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!queue.Writer.TryWrite(new Told(default, new Dictionary<string, double?>(StringComparer.Ordinal), drained))) return;
        await Task.WhenAny(drained.Task, Task.Delay(patience, clock, ct));
    }

    async Task TellAllAsync(CancellationToken ct)
    {
        try
        {
            await foreach (var told in queue.Reader.ReadAllAsync(ct))
            {
                if (told.Drained is { } drained) drained.TrySetResult();
                else await TellAsync(told, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Disposed: what was not told is not recorded.
        }
    }

    async Task TellAsync(Told told, CancellationToken ct)
    {
        try
        {
            await record(told.Checkpoint, told.Metrics, ct);
        }
        catch (LineageProblemException e)
        {
            report($"The metrics of {told.Checkpoint} were not recorded: {e.Problem.Detail} [{e.Code}]");
        }
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await stop.CancelAsync();
        await teller;
        stop.Dispose();
    }
}
