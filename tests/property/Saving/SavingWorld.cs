using Lineage.Agents.Reporting;
using Lineage.Agents.Restoring;
using Lineage.Agents.Saving;
using Lineage.Agents.Tiers;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Saving;

/// <summary>One rank's saving library over a real directory, with the service in memory.</summary>
public sealed class SavingWorld : IAsyncDisposable
{
    public static readonly RunId Run = RunId.Parse("demo");

    readonly List<SavingRank> ranks = [];

    public SavingWorld(int worldSize, int fullEvery, ITier? tier = null)
    {
        World = new WorldSize(worldSize);
        Tier = tier ?? new LocalDirectoryTier(Directory["store"]);
        Service = new MemoryService(fullEvery, World, TimeProvider.System);
    }

    /// <summary>In the order in which they were made.</summary>
    public IReadOnlyList<SavingRank> Ranks => ranks;

    public TempDirectory Directory { get; } = new();

    public WorldSize World { get; }

    public ITier Tier { get; }

    public MemoryService Service { get; }

    public List<string> Log { get; } = [];

    public SaveBounds Bounds { get; init; } = new(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(20));

    public Restorer Restorer => new(Tier, TimeProvider.System);

    public SavingRank Rank(int rank, int generation = 1, IDurableSteps? steps = null, int outboxMax = 100)
    {
        var made = new SavingRank(this, new Rank(rank), new Generation(generation), steps ?? NoSteps.Instance, outboxMax);
        ranks.Add(made);
        return made;
    }

    public static CheckpointId Id(long step, int generation = 1) => new(Run, new Generation(generation), new Step(step));

    public async ValueTask DisposeAsync()
    {
        foreach (var rank in ranks) await rank.DisposeAsync();
        Directory.Dispose();
    }
}

public sealed class SavingRank : IAsyncDisposable
{
    public SavingRank(SavingWorld world, Rank rank, Generation generation, IDurableSteps steps, int outboxMax)
    {
        Rank = rank;
        Options = new SaverOptions(
            SavingWorld.Run, generation, rank, world.World, ActorId.Parse($"rank:demo/{generation}/{rank}"), world.Directory["runs/demo"])
        {
            Bounds = world.Bounds,
            DrainPatience = TimeSpan.FromSeconds(20),
        };
        Outbox = Outbox.Open(RankSavingOptions.OutboxDirectory(Options), problem => world.Log.Add(problem.Code), outboxMax);
        Pump = new OutboxPump(Outbox, world.Service, world.Service.ReadAsync, TimeProvider.System, world.Log.Add, steps);
        Pump.Start();
        var parts = new SaverParts(
            world.Service, world.Tier, Outbox, Pump, world.Restorer, TimeProvider.System, steps, line =>
            {
                lock (world.Log) world.Log.Add(line);
            });
        Saver = new Saver(Options, parts);
    }

    public Rank Rank { get; }

    public SaverOptions Options { get; }

    public Outbox Outbox { get; }

    public OutboxPump Pump { get; }

    public Saver Saver { get; }

    public IReadOnlyList<string> Records() => File.ReadAllLines(new SaveRecords(Options.RunDirectory, Rank).Path);

    public async ValueTask DisposeAsync()
    {
        await Saver.DisposeAsync();
        await Pump.DisposeAsync();
    }
}
