using System.Collections.Concurrent;
using Lineage.Agents.Saving;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Microsoft.Extensions.Time.Testing;

namespace Lineage.Tests.Property.Saving;

/// <summary>A run's series reaches the service in batches; what goes wrong with it is one line in the log and never the trainer's
/// concern.</summary>
public sealed class SeriesTellerLaws
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    static SeriesPoint Point(long step) => new(new Generation(1), new Step(step), "loss", step);

    [Fact]
    public async Task Points_are_gathered_and_told_once_in_their_order()
    {
        var (clock, told) = (new FakeTimeProvider(), new BlockingCollection<long[]>());
        await using var teller = new SeriesTeller((batch, ct) =>
        {
            told.Add([.. batch.Points.Select(static point => point.Step.Value)], ct);
            return Task.CompletedTask;
        }, static line => Assert.Fail(line), clock);
        teller.Add(Point(1));
        teller.Add(Point(2));
        Assert.Empty(told);
        clock.Advance(SeriesTeller.Every);
        Assert.True(told.TryTake(out var first, Patience));
        Assert.Equal([1L, 2], first);
        teller.Add(Point(3));
        await teller.DrainAsync(Patience, default);
        Assert.Equal([3L], Assert.Single(told));
    }

    [Fact]
    public async Task A_service_that_is_away_is_said_once_and_the_oldest_points_are_dropped()
    {
        var (log, told, isAway) = (new ConcurrentQueue<string>(), new ConcurrentQueue<SeriesBatch>(), true);
        await using var teller = new SeriesTeller((batch, _) =>
        {
            if (isAway)
                throw new LineageProblemException(Problem.Of(ProblemCodes.ServerUnreachable, 503, "Server unreachable", "It is away."));
            told.Enqueue(batch);
            return Task.CompletedTask;
        }, log.Enqueue, new FakeTimeProvider());
        for (var i = 0; i < 3; i++)
        {
            teller.Add(Point(i));
            await teller.DrainAsync(Patience, default);
        }

        Assert.Contains("1 points of the run's series were not recorded: It is away. [server-unreachable]", Assert.Single(log),
            StringComparison.Ordinal);
        isAway = false;
        for (var i = 0; i < SeriesBatch.PointsMax + 5; i++) teller.Add(Point(i));
        await teller.DrainAsync(Patience, default);
        var batch = Assert.Single(told);
        Assert.Equal((SeriesBatch.PointsMax, 5L), (batch.Points.Count, batch.Points[0].Step.Value));
    }

    [Fact]
    public async Task A_service_that_hangs_holds_nobody_longer_than_the_patience()
    {
        var clock = new FakeTimeProvider();
        await using var teller = new SeriesTeller(
            static (_, ct) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct), static line => Assert.Fail(line), clock);
        teller.Add(Point(1));
        var drained = teller.DrainAsync(TimeSpan.FromSeconds(5), default);
        Assert.False(drained.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(6));
        await drained.WaitAsync(Patience, TimeProvider.System);
    }
}
