using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Restores;
using Lineage.Runs;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>The ranks of one generation, and where they meet after every step.</summary>
sealed class RankGroup(Generation generation, CheckpointId? point, int attempt)
{
    readonly Dictionary<long, (int Arrived, Signal All)> barriers = [];

    public Generation Generation => generation;

    public CheckpointId? Point => point;

    public int Attempt => attempt;

    public List<RankProcess> Ranks { get; } = [];

    public Signal Meet(Kernel kernel, long step)
    {
        var (arrived, all) = barriers.GetValueOrDefault(step, (0, new Signal()));
        barriers[step] = (++arrived, all);
        if (arrived == Ranks.Count) all.Set(kernel);
        return all;
    }
}

/// <summary>How a rank's process ended; null while it lives.</summary>
enum RankExit { Done, Killed, Fenced, FoundDamage, Failed }

/// <summary>
/// One rank's process: joins, restores what its generation begins from, trains, saves at the scheduled steps beside the training, and
/// keeps its reports on the way until they are on record. Killing it stops all of that at once.
/// </summary>
sealed class RankProcess
{
    readonly World world;
    readonly RankGroup group;
    readonly List<Actor> parts = [];
    Signal saved = new();

    public RankProcess(World world, ModelRun run, RankGroup group, int index)
    {
        (this.world, Run, this.group, Rank, Name) = (world, run, group, new Rank(index), run.NameOf(index));
        Actor = ActorId.Parse($"rank-{index}");
        Pump = new Pump(world, this);
        saved.Set(world.Kernel);
        Start(Life());
        Start(Pump.Work());
    }

    public ModelRun Run { get; }

    public Rank Rank { get; }

    public string Name { get; }

    public ActorId Actor { get; }

    public Generation Generation => group.Generation;

    public Pump Pump { get; }

    public RankState State { get; private set; }

    public long Step { get; private set; }

    public RankExit? Exit { get; private set; }

    public long HeardMs { get; private set; }

    public bool IsPaused { get; private set; }

    /// <summary>The base of the next save as it was captured, so that it need not be read back.</summary>
    public Dictionary<ContentHash, RankState> Kept { get; } = [];

    public void Start(IEnumerator<Wait> work) => parts.Add(world.Kernel.Spawn(Name, work));

    public void End(RankExit exit)
    {
        if (Exit is not null) return;
        Exit = exit;
        foreach (var part in parts) Kernel.Kill(part);
    }

    public void Pause(bool pause)
    {
        IsPaused = pause;
        foreach (var part in parts)
            if (pause) Kernel.Pause(part);
            else world.Kernel.Resume(part);
    }

    IEnumerator<Wait> Life()
    {
        HeardMs = world.Kernel.NowMs;
        yield return Wait.For(world.Random.Between(2, 12));
        var joined = new Answer();
        for (var tries = 0; tries < 200 && joined.IsAway; tries++)
        {
            if (tries > 0) yield return Wait.For(100);
            yield return Wait.Through(world.Service.Decide(joined, Name, Run.Id, Run.Key, [Run.Key],
                at => RunDecider.Decide(
                    Run.State, new RunCommand.JoinRank(Run.Id, Generation, Rank, "node", 100 + Rank.Value, Actor, at))));
        }

        if (!joined.IsYes)
        {
            End(joined.Decision is Decision.Refused { Code: ProblemCodes.StaleGeneration } ? RankExit.Fenced : RankExit.Failed);
            yield break;
        }

        yield return Wait.Through(Restore());
        yield return Wait.Until(group.Meet(world.Kernel, -1), 1_000_000);
        while (Step < world.LastStep)
        {
            yield return Wait.For(world.Random.Between(20, 40));
            yield return Wait.Until(group.Meet(world.Kernel, Step), 1_000_000);
            Train();
            if (world.Schedule.Operations.FirstOrDefault(o => o.Kind == OperationKind.Save && o.Argument == Step) is { } save)
            {
                yield return Wait.Until(saved, 1_000_000);
                BeginSave(save);
            }
        }

        yield return Wait.Until(saved, 1_000_000);
        while (!Pump.IsEmpty) yield return Wait.For(100);
        End(RankExit.Done);
    }

    void Train()
    {
        var before = State.Samples;
        State = State.Next();
        Step++;
        HeardMs = world.Kernel.NowMs;
        var digest = State.Digest();
        world.Note((i, at) => new Entry.Trained(
            i, at, Name, Run.Id, Generation.Value, Step, Rank.Value, digest, (long)before, (long)State.Samples));
    }

    void BeginSave(Operation operation)
    {
        var captured = State;
        var id = new CheckpointId(Run.Id, Generation, new Step(Step));
        world.Captured[(id, Rank.Value)] = captured;
        world.Note((i, at) => new Entry.Captured(i, at, Name, id, Rank.Value, captured.Digest()));
        saved = new Signal();
        Start(new SaveProcess(world, this, id, captured, operation.Id).Work(saved));
    }

    IEnumerator<Wait> Restore()
    {
        if (group.Point is { } point)
        {
            var reader = new ShardReading(world, Name);
            yield return Wait.Through(reader.Restore(point, Rank));
            if (reader.Damage is { } damage)
            {
                Pump.Add(ShardReading.Report(damage, Actor));
                yield return Wait.For(5);
                while (!Pump.IsEmpty) yield return Wait.For(50);
                End(RankExit.FoundDamage);
                yield break;
            }

            (State, Step) = (reader.State, point.Step.Value);
        }
        else
        {
            (State, Step) = (Run.Initial(Rank.Value), Run.FirstStep);
        }

        if (world.Service.RecoveryOf(Run.Id, Generation) is { } recovery) yield return Wait.Through(Report(recovery.Id));
        HeardMs = world.Kernel.NowMs;
    }

    IEnumerator<Wait> Report(RecoveryId recovery)
    {
        var digest = State.Digest();
        world.Note((i, at) => new Entry.Restored(i, at, Name, recovery.StreamKey, group.Point, Rank.Value, digest));
        var told = new Answer();
        for (var tries = 0; tries < 200 && told.IsAway; tries++)
        {
            if (tries > 0) yield return Wait.For(100);
            yield return Wait.Through(world.Service.Decide(
                told, Name, Run.Id, recovery.StreamKey, [Run.Key, recovery.StreamKey], at => RecoveryDecider.ReportRankRestored(
                    Run.State, world.Store.State<Recovery>(recovery.StreamKey), new RecoveryCommand.ReportRankRestored(
                        recovery, Rank, group.Point, ShardImage.Bytes, World.Tier, digest, 1, Actor, at))));
        }

        if (told.IsYes)
            world.Note((i, at) => new Entry.Acknowledged(i, at, Name, recovery.StreamKey, "rank-restored.v1", Rank.Value));
        else End(RankExit.Fenced);
    }
}
