using System.Collections.Concurrent;
using Lineage.Agents.Saving;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Saving;

/// <summary>Metrics reach the service once their checkpoint is sealed; what goes wrong with them is a line in the log.</summary>
public sealed class MetricsRecorderLaws
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    static CheckpointId Id(long step) => new(RunId.Parse("demo"), new Generation(1), new Step(step));

    static Dictionary<string, double?> Loss(double? value) => new(StringComparer.Ordinal) { ["loss"] = value };

    [Fact]
    public async Task What_was_measured_is_told_when_its_checkpoint_is_sealed_and_not_before()
    {
        var told = new ConcurrentQueue<(CheckpointId Id, double? Loss)>();
        await using var recorder = new MetricsRecorder((id, metrics, _) =>
        {
            told.Enqueue((id, metrics["loss"]));
            return Task.CompletedTask;
        }, static line => Assert.Fail(line));
        recorder.Measured(new Step(10), Loss(1.5));
        recorder.Measured(new Step(20), Loss(1.25));
        await recorder.DrainAsync(Patience, TimeProvider.System, default);
        Assert.Empty(told);
        recorder.Sealed(Id(20));
        recorder.Sealed(Id(20));
        recorder.Sealed(Id(30));
        recorder.Sealed(Id(10));
        await recorder.DrainAsync(Patience, TimeProvider.System, default);
        Assert.Equal([(Id(20), 1.25), (Id(10), 1.5)], told);
    }

    [Fact]
    public async Task A_service_that_refuses_or_is_away_costs_a_line_in_the_log_and_nothing_else()
    {
        var log = new ConcurrentQueue<string>();
        var told = new ConcurrentQueue<CheckpointId>();
        await using var recorder = new MetricsRecorder((id, _, _) =>
        {
            if (id.Step.Value == 10)
                throw new LineageProblemException(Problem.Of(ProblemCodes.ServerUnreachable, 503, "Server unreachable", "It is away."));
            told.Enqueue(id);
            return Task.CompletedTask;
        }, log.Enqueue);
        foreach (var step in new[] { 10, 20 })
        {
            recorder.Measured(new Step(step), Loss(step));
            recorder.Sealed(Id(step));
        }

        await recorder.DrainAsync(Patience, TimeProvider.System, default);
        Assert.Equal([Id(20)], told);
        Assert.Contains("metrics of demo/1/10 were not recorded: It is away. [server-unreachable]", Assert.Single(log),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_never_answers_does_not_keep_a_rank_from_ending()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var recorder = new MetricsRecorder(async (_, _, ct) =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
        }, static _ => { });
        recorder.Measured(new Step(10), Loss(1));
        recorder.Sealed(Id(10));
        await asked.Task.WaitAsync(Patience);
        await recorder.DrainAsync(TimeSpan.FromMilliseconds(20), TimeProvider.System, default);
        await recorder.DisposeAsync().AsTask().WaitAsync(Patience);
    }
}
