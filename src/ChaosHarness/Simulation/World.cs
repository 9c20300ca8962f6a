using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Runs;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>A server of the event store. It keeps nothing of its own.</summary>
sealed class ModelServer
{
    public bool IsUp { get; set; } = true;

    /// <summary>How far its clock is off.</summary>
    public long SkewMs { get; set; }
}

/// <summary>All that one history consists of. Whoever acts in it reads and writes here.</summary>
sealed class World
{
    public const string Tier = "local";

    static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public World(Schedule schedule)
    {
        Schedule = schedule;
        Kernel = new Kernel(schedule.Seed);
        Random = SeededStream.Of(schedule.Seed, purpose: 2);
        var shape = SeededStream.Of(schedule.Seed, purpose: 3);
        Policy = new SavePolicy(
            shape.Between(2, 5), SaveDeadlineSeconds: 4, Copies: 1, LeaseSeconds: 3, ChainDepthMax: schedule.Bounds.DepthMax);
        Retention = new RetentionPolicy(Latest: shape.Between(1, 3), GraceSeconds: 1, VerifiedMin: schedule.Bounds.VerifiedMin);
        Servers = [.. Enumerable.Range(0, schedule.World.Servers).Select(static _ => new ModelServer())];
        Service = new ModelDeciders(this);
        Broker = new ModelBroker(this);
        LastStep = (schedule.Operations.Where(static o => o.Kind == OperationKind.Save).Select(static o => o.Argument)
            .DefaultIfEmpty(1).Max()) + 2;
    }

    public Schedule Schedule { get; }

    public Kernel Kernel { get; }

    /// <summary>Latencies and choices that no schedule names.</summary>
    public SeededStream Random { get; }

    public RunId Run { get; } = RunId.Parse("sim");

    public SavePolicy Policy { get; }

    public RetentionPolicy Retention { get; }

    public ModelStore Store { get; } = new();

    public ModelDisk Disk { get; } = new();

    public ModelBroker Broker { get; }

    public ModelDeciders Service { get; }

    public IReadOnlyList<ModelServer> Servers { get; }

    public List<Entry> Journal { get; } = [];

    public List<string> DeadLetters { get; } = [];

    public long LastStep { get; }

    public bool IsRunOver { get; set; }

    /// <summary>Who cannot reach the service.</summary>
    public HashSet<string> CutOff { get; } = new(StringComparer.Ordinal);

    public RankGroup? Ranks { get; set; }

    public List<RankProcess> Everyone { get; } = [];

    public Actor? Launcher { get; set; }

    public Actor? Keeper { get; set; }

    public WorldSize WorldSize => new(Schedule.World.Ranks);

    public DateTimeOffset Now(long skewMs = 0) => Epoch.AddMilliseconds(Kernel.NowMs + skewMs);

    /// <summary>Told of stored event names and durable steps; faults wait for them.</summary>
    public Action<string, string> Happened { get; set; } = static (_, _) => { };

    public void Note(Func<long, long, Entry> entry)
    {
        var line = entry(Journal.Count, Kernel.NowMs);
        Journal.Add(line);
        Kernel.Trace(Kernel.NowMs, line.GetType().Name.Length);
        Kernel.Tape?.Invoke(line.Process, Told.Of(line));
    }

    public Run? RunState => Store.State<Run>(Run.StreamKey);
}
