using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

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
        Follower = new FollowerProcess(this);
        LastStep = (schedule.Operations.Where(static o => o.Kind == OperationKind.Save).Select(static o => o.Argument)
            .DefaultIfEmpty(1).Max()) + 2;
        Main = Add("sim", new WorldSize(schedule.World.Ranks), prefix: "");
        if (schedule.Faults.Any(static f => f.Kind == Poison.Kind))
            Add("beside", new WorldSize(1 + (schedule.World.Ranks & 1)), "beside/");
    }

    public Schedule Schedule { get; }

    public Kernel Kernel { get; }

    /// <summary>Latencies and choices that no schedule names.</summary>
    public SeededStream Random { get; }

    public SavePolicy Policy { get; }

    public RetentionPolicy Retention { get; }

    public ModelStore Store { get; } = new();

    public ModelDisk Disk { get; } = new();

    public ModelBroker Broker { get; }

    public ModelDeciders Service { get; }

    public FollowerProcess Follower { get; }

    public IReadOnlyList<ModelServer> Servers { get; }

    public List<Entry> Journal { get; } = [];

    public List<string> DeadLetters { get; } = [];

    /// <summary>What ranks held when they were captured, as the harness saw it.</summary>
    public Dictionary<(CheckpointId Checkpoint, int Rank), RankState> Captured { get; } = [];

    /// <summary>What the ranks of other worlds read.</summary>
    public List<TilingEvidence> Plans { get; } = [];

    /// <summary>Of every run.</summary>
    public long LastStep { get; }

    /// <summary>The run that the schedule is about.</summary>
    public ModelRun Main { get; }

    public List<ModelRun> Runs { get; } = [];

    public bool IsOver => Runs.TrueForAll(static run => run.IsOver);

    /// <summary>Who cannot reach the service.</summary>
    public HashSet<string> CutOff { get; } = new(StringComparer.Ordinal);

    public List<RankProcess> Everyone { get; } = [];

    public Actor? Keeper { get; set; }

    /// <summary>How far the clock of the ranks' node is off.</summary>
    public long NodeSkewMs { get; set; }

    public DateTimeOffset Now(long skewMs = 0) => Epoch.AddMilliseconds(Kernel.NowMs + skewMs);

    /// <summary>By the clock of the ranks' node.</summary>
    public DateTimeOffset NodeNow() => Now(NodeSkewMs);

    /// <summary>Told of stored event names and durable steps; faults wait for them.</summary>
    public Action<string, string> Happened { get; set; } = static (_, _) => { };

    public void Note(Func<long, long, Entry> entry)
    {
        var line = entry(Journal.Count, Kernel.NowMs);
        Journal.Add(line);
        Kernel.Trace(Kernel.NowMs, line.GetType().Name.Length);
        Kernel.Tape?.Invoke(line.Process, Told.Of(line));
    }

    /// <summary>A run that begins at the first step, from the seed's initial state.</summary>
    public ModelRun Add(string name, WorldSize ranks, string prefix) =>
        Add(name, ranks, prefix, 0, rank => RankState.Initial(Schedule.Seed, rank, ranks.Value));

    public ModelRun Add(string name, WorldSize ranks, string prefix, long firstStep, Func<int, RankState> begin)
    {
        var run = new ModelRun(this, RunId.Parse(name), ranks, prefix, firstStep, begin);
        Runs.Add(run);
        return run;
    }

    /// <summary>Null for a run that nobody began here.</summary>
    public ModelRun? Find(RunId id) => Runs.Find(run => run.Id == id);

    public void Launch(ModelRun run, string name, long afterMs = 0) => run.Launcher = Kernel.Spawn(
        $"{run.Prefix}launcher", new LauncherProcess(this, run, $"{run.Prefix.Replace('/', '-')}{name}").Work(), afterMs);
}
