using Lineage.Agents.Launching;
using Lineage.Agents.Training;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Training;

/// <summary>
/// A supervisor in a made-up world: ranks that step, die, hang and find damage as a seed says, a service that grants generations, time
/// that only this class moves. It keeps what the laws ask about and knows nothing of how the supervisor decides.
/// </summary>
sealed class LaunchWorld
{
    static readonly RunId Run = RunId.Parse("world");

    readonly Random random;
    readonly Dictionary<Rank, SimulatedRank> ranks = [];
    readonly Queue<LaunchInput> inputs = new();
    readonly int mischief;
    DateTimeOffset now = DateTimeOffset.UnixEpoch;
    long generation;

    /// <param name="mischief">How likely a rank fails in a turn, in thousandths.</param>
    public LaunchWorld(int seed, int worldSize, int mischief)
    {
        random = new Random(seed);
        this.mischief = mischief;
        Policy = LaunchPolicy.Of(new WorldSize(worldSize), new Step(12));
        State = LaunchState.Initial(Policy);
        inputs.Enqueue(new LaunchInput.Begin());
    }

    public LaunchPolicy Policy { get; }

    public LaunchState State { get; private set; }

    public List<LaunchEffect> Effects { get; } = [];

    /// <summary>Laws that were broken, in the order of happening.</summary>
    public List<string> Broken { get; } = [];

    public void RunToEnd(int turnsMax, int? stopAtTurn = null)
    {
        for (var turn = 0; turn < turnsMax && (State.Phase != LaunchPhase.Finished || ranks.Values.Any(static r => r.Lives)); turn++)
        {
            now += TimeSpan.FromSeconds(1);
            if (turn == stopAtTurn) inputs.Enqueue(new LaunchInput.StopAsked());
            foreach (var rank in ranks.Values.Where(static r => r.Lives).ToArray()) Live(rank);
            inputs.Enqueue(new LaunchInput.Tick());
            while (inputs.TryDequeue(out var input)) Feed(input);
        }
    }

    void Feed(LaunchInput input)
    {
        var finished = State.Phase == LaunchPhase.Finished;
        var step = LaunchSupervisor.Step(State, input, now);
        State = step.State;
        if (finished && step.Effects.Length > 0) Broken.Add("a finished supervisor asked for something");
        foreach (var effect in step.Effects)
        {
            Effects.Add(effect);
            Obey(effect);
        }
    }

    void Obey(LaunchEffect effect)
    {
        switch (effect)
        {
            case LaunchEffect.StartRanks start:
                if (ranks.Values.Any(static r => r.Lives)) Broken.Add($"generation {start.Generation} started while ranks live");
                if (start.Generation.Value < generation) Broken.Add($"generation {start.Generation} started after {generation}");
                foreach (var rank in Policy.WorldSize.Ranks)
                    ranks[rank] = new SimulatedRank(rank, start.Generation, start.RestorePoint?.Step.Value ?? 0);
                break;
            case LaunchEffect.Terminate terminate:
                foreach (var rank in terminate.Ranks.Where(rank => !ranks[rank].Hangs)) ranks[rank].Terminated = true;
                break;
            case LaunchEffect.Kill kill:
                foreach (var rank in kill.Ranks.Where(rank => ranks[rank].Lives)) Exit(ranks[rank], 137);
                break;
            case LaunchEffect.AskStart or LaunchEffect.AskRecovery:
                generation++;
                Grant(attempt: 1);
                break;
            case LaunchEffect.AskAnotherChoice again:
                Grant(again.Attempt);
                break;
            case LaunchEffect.Complete:
                inputs.Enqueue(new LaunchInput.Completed());
                break;
        }
    }

    void Grant(int attempt)
    {
        CheckpointId? point = generation == 1 ? null : new CheckpointId(Run, new Generation(1), new Step(random.Next(1, 5)));
        inputs.Enqueue(new LaunchInput.Answered(
            new PortAnswer.Granted(new Generation(generation), point, LeaseSeconds: 30, attempt, "because", TimeSpan.Zero, TimeSpan.Zero)));
    }

    void Live(SimulatedRank rank)
    {
        if (rank.Hangs) return;
        if (rank.Terminated) Exit(rank, random.Next(2) == 0 ? ExitCodes.Interrupted : ExitCodes.PeerLost);
        else if (ranks.Values.Any(static r => !r.Lives && r.Exit != ExitCodes.Done)) Exit(rank, ExitCodes.PeerLost);
        else if (random.Next(1000) < mischief) Misbehave(rank);
        else if (rank.Step < Policy.LastStep.Value) Say(rank, RankEventKind.Step, ++rank.Step);
        else
        {
            Say(rank, RankEventKind.Done, rank.Step);
            Exit(rank, ExitCodes.Done);
        }
    }

    void Misbehave(SimulatedRank rank)
    {
        switch (random.Next(3))
        {
            case 0: rank.Hangs = true; break;
            case 1: Exit(rank, 137); break;
            default: Exit(rank, rank.Step < 5 ? ExitCodes.FoundDamage : ExitCodes.Failed); break;
        }
    }

    void Say(SimulatedRank rank, RankEventKind kind, long step) => inputs.Enqueue(new LaunchInput.RankSpoke(
        new RankEvent(kind, rank.Rank, rank.Generation, new Step(step), StateDigest: ContentHash.Of([(byte)rank.Rank.Value]))));

    void Exit(SimulatedRank rank, int code)
    {
        rank.Exit = code;
        inputs.Enqueue(new LaunchInput.RankExited(rank.Generation, rank.Rank, code));
    }

    sealed class SimulatedRank(Rank rank, Generation generation, long step)
    {
        public Rank Rank => rank;
        public Generation Generation => generation;
        public long Step { get; set; } = step;
        public bool Hangs { get; set; }
        public bool Terminated { get; set; }
        public int? Exit { get; set; }
        public bool Lives => Exit is null;
    }
}
