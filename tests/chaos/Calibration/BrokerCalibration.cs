using Lineage.ChaosHarness.Simulation;
using Lineage.ChaosHarness.Worlds;
using Xunit.Abstractions;

namespace Lineage.Tests.Chaos.Calibration;

/// <summary>One message: whether its sender got a confirm, and how often it arrived.</summary>
sealed record Sending(string Id, bool Confirmed, int Arrived);

/// <summary>
/// Publishers whose broker is killed before the confirm, and consumers that die before they acknowledge, on a real RabbitMQ with a queue
/// like production's and on <see cref="ModelBroker"/>. Order is not promised, so it is not looked at.
/// </summary>
public sealed class BrokerCalibration(ITestOutputHelper output)
{
    [RabbitMqFact]
    public async Task RabbitMQ_does_nothing_to_a_message_that_the_modelled_broker_does_not_know()
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(5), TimeProvider.System);
        var known = BrokerLaws.Kinds(new ModelBrokerRun(seed: 20_260).Play(messages: 200));
        var folder = Directory.CreateTempSubdirectory("lineage-calibration-").FullName;
        try
        {
            await using var broker = await PrivateRabbitMq.StartAsync(Path.Combine(folder, "rabbit"), TimeProvider.System, bound.Token);
            var run = new RealBrokerRun(broker, folder, seed: 20_260);
            var sent = await run.PlayAsync(Scale.Of(1), bound.Token);
            var seen = BrokerLaws.Kinds(sent);
            output.WriteLine($"{sent.Count} messages, {sent.Sum(static s => s.Arrived)} deliveries, {sent.Count(static s => !s.Confirmed)} "
                + $"without confirm, of which {sent.Count(static s => s is { Confirmed: false, Arrived: > 0 })} arrived; seen "
                + string.Join(' ', seen));

            Assert.Empty(run.Unknown);
            Assert.Subset(known.ToHashSet(), seen.ToHashSet());
            Assert.Contains((Confirmed: true, Arrival.Again), seen);   // a consumer died: else nothing was redelivered
            Assert.Contains(seen, static kind => !kind.Confirmed);     // the broker died: else every publish was confirmed
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_model_that_loses_what_it_confirmed_or_never_delivers_twice_is_found_out()
    {
        var known = BrokerLaws.Kinds(new ModelBrokerRun(seed: 20_260).Play(messages: 200));
        Assert.Equal(BrokerLaws.Allowed.Order(), known.Order());
        Assert.DoesNotContain((Confirmed: true, Arrival.Never), known);
    }
}

/// <summary>How a message came to its consumer.</summary>
enum Arrival { Never, Once, Again }

static class BrokerLaws
{
    /// <summary>At least once if it was confirmed; anything otherwise.</summary>
    public static IReadOnlyList<(bool Confirmed, Arrival)> Allowed { get; } =
        [(true, Arrival.Once), (true, Arrival.Again), (false, Arrival.Never), (false, Arrival.Once), (false, Arrival.Again)];

    public static IReadOnlySet<(bool Confirmed, Arrival Arrival)> Kinds(IEnumerable<Sending> sent) =>
        sent.Select(static one => (one.Confirmed, (Arrival)Math.Min(one.Arrived, 2))).ToHashSet();
}
