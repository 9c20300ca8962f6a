using Lineage.Agents.Saving;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Chaos.Sweeps;

/// <summary>The outbox over a real RabbitMQ that dies.</summary>
public sealed class BrokerDelivery
{
    static readonly WorldSize Ranks = new(1);

    [RabbitMqFact]
    public async Task A_broker_killed_before_a_save_delays_its_report_and_loses_none()
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(4), TimeProvider.System);
        var folder = Directory.CreateTempSubdirectory("lineage-broker-").FullName;
        try
        {
            await using var broker = await PrivateRabbitMq.StartAsync(Path.Combine(folder, "rabbit"), TimeProvider.System, bound.Token);
            var world = new SweepServer(broker.Address);
            await world.InitializeAsync();
            try
            {
                await SaveAcrossTheDeathOfTheBrokerAsync(world, broker, bound);
            }
            finally
            {
                await world.DisposeAsync();
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static async Task SaveAcrossTheDeathOfTheBrokerAsync(SweepServer world, PrivateRabbitMq broker, CancellationTokenSource bound)
    {
        var run = RunId.Parse("broker");
        await world.Client.RegisterRunAsync(new RegisterRun(run, Policy: null, Labels: null), bound.Token);
        await world.Client.TakeLeaseAsync(run, new TakeLease(world.Client.Actor, Ranks), bound.Token);
        var options = SaverHost.Options(world.Client.Server, world.State, run, new Generation(1), new Rank(0), Ranks) with
        {
            Broker = new Uri(broker.Address),
        };
        await using (var hooks = await RankSaving.OpenAsync(options, TimeProvider.System, static _ => { }, steps: null, bound.Token))
        {
            await SaveAsync(hooks, step: 1, bound.Token);
            await hooks.DrainAsync(bound.Token);
            Assert.Equal((1, 0), hooks.Saves);

            await broker.KillAsync(bound.Token);
            await SaveAsync(hooks, step: 2, bound.Token);   // returns: training goes on
            while (!Directory.EnumerateFiles(RankSavingOptions.OutboxDirectory(options.Saver), "*.json").Any())
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, bound.Token);
            await broker.RestartAsync(bound.Token);
            await hooks.DrainAsync(bound.Token);
            Assert.Equal((2, 0), hooks.Saves);
        }

        Assert.Empty(Directory.EnumerateFiles(RankSavingOptions.OutboxDirectory(options.Saver)));
        var view = await world.Client.GetCheckpointAsync(new CheckpointId(run, new Generation(1), new Step(2)), bound.Token);
        Assert.Equal((CheckpointPhase.Sealed, 1), (view.Phase, view.Shards.Count));
    }

    static ValueTask SaveAsync(SavingHooks hooks, long step, CancellationToken ct) =>
        hooks.SaveAsync(SweepState.At(step, new Rank(0), Ranks), new Step(step), final: false, ct);
}
