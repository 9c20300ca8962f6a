using System.Globalization;
using Lineage.ChaosHarness.Simulation;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using World = Lineage.ChaosHarness.Simulation.World;

namespace Lineage.Tests.Chaos.Calibration;

/// <summary>The modelled broker before a service that knows none of the runs, so that each delivery leaves one dead letter.</summary>
sealed class ModelBrokerRun(int seed)
{
    readonly World world = new(Swarm.Draw(seed, "calm"));
    readonly Random random = new(seed);

    public IReadOnlyList<Sending> Play(int messages)
    {
        var confirmed = new Dictionary<string, bool>(StringComparer.Ordinal);
        for (var i = 0; i < messages; i++)
        {
            world.Broker.IsDown = random.Next(6) == 0;
            if (random.Next(6) == 0) world.Broker.LostConfirms = 1;
            if (random.Next(6) == 0) world.Broker.Duplicates = 1;
            if (random.Next(6) == 0) world.Broker.Delays = 1;
            var run = string.Create(CultureInfo.InvariantCulture, $"m{i}");
            confirmed[run] = world.Broker.Publish([Message(run)]);
        }

        world.Broker.IsDown = false;
        world.Kernel.Run(untilMs: 100_000);
        return [.. confirmed.Select(one => new Sending(one.Key, one.Value, world.DeadLetters.Count(
            letter => letter.Contains($"no run {one.Key}.", StringComparison.Ordinal))))];
    }

    static ShardVerificationReported Message(string run) => new()
    {
        Id = default,
        Checkpoint = new CheckpointId(RunId.Parse(run), new Generation(1), new Step(1)),
        Rank = new Rank(0),
        Actor = ActorId.Parse("calibration"),
        Correlation = "calibration",
        Finding = Finding.Unknown,
        Depth = VerificationDepth.Deep,
        ReadBytes = 0,
    };
}
