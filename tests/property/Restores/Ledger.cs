using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Decisions;
using Lineage.Restores;
using Lineage.Runs;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Restores;

/// <summary>
/// A service in memory: streams of one run, decided on by the production deciders, one command at a time. <see cref="Play"/> turns bytes
/// into a story, so that FsCheck can search stories and shrink them.
/// </summary>
sealed class Ledger
{
    readonly Dictionary<string, List<object>> streams = new(StringComparer.Ordinal);
    double seconds = 100;

    public Ledger(int worldSize = 2, SavePolicy? policy = null)
    {
        World = new WorldSize(worldSize);
        Do(new RunCommand.Register(Demo, policy, null, Now));
        Do(new RunCommand.TakeLease(Demo, Launcher, World, LeaseUntil: null, Now));
    }

    public WorldSize World { get; }

    public DateTimeOffset Now => At(seconds);

    /// <summary>Every event of every stream in the order of append.</summary>
    public List<(string Stream, object Event)> All { get; } = [];

    public Run Run => Folded(Demo.StreamKey, static (Run? state, object e) => Lineage.Runs.Run.Fold(state, e))!;

    public Checkpoint? Checkpoint(CheckpointId id) =>
        Folded(id.StreamKey, static (Checkpoint? state, object e) => Lineage.Checkpoints.Checkpoint.Fold(state, e));

    public Recovery? Recovery(Generation generation) =>
        Folded(new RecoveryId(Demo, generation).StreamKey, static (Recovery? state, object e) => Lineage.Restores.Recovery.Fold(state, e));

    public IReadOnlyList<Checkpoint> Checkpoints =>
        [.. streams.Values.Where(static s => s[0] is CheckpointOpened).Select(s => Checkpoint(((CheckpointOpened)s[0]).Checkpoint)!)];

    public IReadOnlyList<Candidate> Candidates => [.. Checkpoints.Select(Candidate.Of)];

    public IReadOnlyList<HistoryTurn> Turns =>
        [.. streams.Values.Where(static s => s[0] is RecoveryStarted)
            .Select(s => RecoveryViews.Turn(Recovery(((RecoveryStarted)s[0]).Recovery.Generation)!))];

    public Course Course => new(Run.Rewound ?? []);

    public History ForWriting => History.ForWriting(Run.Generation, Candidates, Turns, Course);

    public History ForRestoring(long next) => History.ForRestoring(new Generation(next), Candidates, Turns, Course);

    /// <summary>A person rewinds the run after its launcher has fallen silent.</summary>
    public Decision Rewind(CheckpointId to, string reason = "the loss spiked") => Append(Demo.StreamKey, () => RunChangeDecider.Decide(
        Run, new RunChange.Rewind(Demo, to, reason, ForRestoring(Run.Generation.Value + 1), LeaseUntil: null, Now)));

    public Decision Mark(MarkCommand c) => Append(c.Checkpoint.StreamKey, () => MarkDecider.Decide(Checkpoint(c.Checkpoint), c));

    public Decision Change(Func<Run, RunChange> change) => Append(Demo.StreamKey, () => RunChangeDecider.Decide(Run, change(Run)));

    public Decision Do(RunCommand c) =>
        Append(c.Run.StreamKey, () =>
        RunDecider.Decide(Folded(c.Run.StreamKey, static (Run? state, object e) => Lineage.Runs.Run.Fold(state, e)), c));

    public Decision Do(CheckpointCommand c) =>
        Append(c.Checkpoint.StreamKey, () => CheckpointDecider.Decide(Checkpoint(c.Checkpoint), Run, c));

    public Decision Do(FactMessage m) => Do(new CheckpointCommand.Report(m, Now));

    public Decision Fail(CheckpointId id, int rank) => Do(new CheckpointCommand.Fail(
        id, new Rank(rank), ProblemCodes.DiskFull, "no space left", ActorId.Parse($"rank:demo/{id.Generation}/{rank}"), Now));

    public Decision Open(CheckpointId id) => Do(new CheckpointCommand.Open(id, World, Layout, ForWriting, Launcher, Rank: null, Now));

    public void Save(CheckpointId id, bool verify = true)
    {
        Open(id);
        foreach (var rank in Enumerable.Range(0, World.Value)) Do(
            Stored(id, rank, Checkpoint(id)?.Opened.Base is { } b ? Root(b.Checkpoint, rank) : null));
        foreach (var rank in Enumerable.Range(0, verify ? World.Value : 0)) Do(Found(id, rank));
    }

    public Decision Start(string cause = "rank 1 killed", long? reached = null, Generation? failed = null)
    {
        var from = Run.Generation;
        RecoveryCommand.Start start = new(
            Demo, Launcher, World, failed ?? from, cause, [new Rank(1)], reached is { } step
            ? new Step(step)
            : null, LeaseUntil: Now.AddSeconds(30), Now);
        return Append(new RecoveryId(Demo, new Generation(from.Value + 1)).StreamKey, () => RecoveryDecider.Start(
            Run, Recovery(Run.Generation), ForRestoring(Run.Generation.Value + 1), start));
    }

    public Decision ChooseAgain(int attempt) => Append(new RecoveryId(Demo, Run.Generation).StreamKey, () => RecoveryDecider.ChooseAgain(
        Run, Recovery(Run.Generation), ForRestoring(Run.Generation.Value),
        new RecoveryCommand.ChooseAgain(new RecoveryId(Demo, Run.Generation), Launcher, attempt, "damaged", Now)));

    public Decision Restored(int rank, CheckpointId? what, Generation? generation = null)
    {
        var id = new RecoveryId(Demo, generation ?? Run.Generation);
        return Append(id.StreamKey, () =>
            RecoveryDecider.ReportRankRestored(Run, Recovery(id.Generation), new RecoveryCommand.ReportRankRestored(
            id, new Rank(rank), what, 1_000, "disk", Hash($"state {what} {rank}"), 12, Launcher, Now)));
    }

    /// <summary>One step of a story per byte; what the byte asks for may be refused, as in life.</summary>
    public void Play(byte step)
    {
        var (act, choice) = (step % 16, step / 16);
        var run = Run;
        var own = Checkpoints.Where(c => c.Id.Generation == run.Generation).Select(static c => c.Id).OrderByDescending(static id => id.Step)
            .ToList();
        var any = Checkpoints.Select(static c => c.Id).OrderByDescending(static id => id.Step).ThenByDescending(static id => id.Generation)
            .ToList();
        var rank = choice % World.Value;
        var picked = any.Count > 0 ? any[choice % any.Count] : Id(run.Generation.Value, 1);
        switch (act)
        {
            case <= 3: Save(NextStep(run, own), verify: act > 0); break;
            case 4: Open(NextStep(run, own)); break;
            case 5: Do(Stored(own is [var newest, ..] ? newest : picked, rank)); break;
            case 6: Do(Diff(picked, rank)); break;
            case 7: foreach (var r in World.Ranks) Do(Found(picked, r.Value)); break;
            case 8: Do(Found(picked, rank, Finding.Altered, detail: "chunk 3")); break;
            case 9 when choice % 2 == 1: Fail(own is [var last, ..] ? last : picked, rank); break;
            case 9: Do(new CheckpointCommand.Abandon(picked, AbandonCause.Requested, "asked for", Now)); break;
            case 10 or 11: Start($"failure {All.Count}", picked.Step.Value); break;
            case 12: foreach (var r in World.Ranks) Restored(r.Value, Recovery(Run.Generation)?.Chosen); break;
            case 13: ChooseAgain(Recovery(run.Generation)?.Attempt ?? 1); break;
            case 15 when choice % 3 == 0: Rewind(picked); break;
            case 14:
                foreach (var c in any.Where(id => id.Generation < run.Generation))
                    _ = choice % 2 == 0 ? Do(Stored(c, rank)) : Fail(c, rank);
                break;
            default:
                seconds += 40;
                foreach (var abandon in SaveDeadlines.Step(
                    Checkpoints.Where(static c => c.Phase == CheckpointPhase.Open)
                        .Select(static c => new OpenSave(c.Id, c.Opened.Deadline)),
                    [new RunFence(Demo, run.Generation, IsCompleted: false)], Now)) Do(abandon);
                break;
        }
    }

    static CheckpointId NextStep(Run run, List<CheckpointId> own) =>
        Id(run.Generation.Value, own is [var newest, ..] ? newest.Step.Value + 10 : run.Generation.Value * 5);

    /// <summary>Decides, appends, and decides once more on what that left: a repeat must change nothing.</summary>
    Decision Append(string stream, Func<Decision> decide)
    {
        var decision = decide();
        switch (decision)
        {
            case Decision.Accepted accepted:
                foreach (var e in accepted.Events) Append(stream, e);
                foreach (var (other, e) in accepted.Elsewhere) Append(other, e);
                Assert.IsType<Decision.AlreadyDone>(decide());
                break;
            case Decision.Refused refused:
                foreach (var e in refused.Record) Append(Demo.StreamKey, e);
                var again = Assert.IsType<Decision.Refused>(decide());
                Assert.Equal((refused.Code, 0), (again.Code, again.Record.Count));
                break;
        }

        return decision;
    }

    void Append(string stream, object e)
    {
        if (!streams.TryGetValue(stream, out var events)) streams[stream] = events = [];
        events.Add(e);
        All.Add((stream, e));
    }

    TState? Folded<TState>(string stream, Func<TState?, object, TState?> fold) where TState : class =>
        streams.TryGetValue(stream, out var events) ? events.Aggregate((TState?)null, fold) : null;
}
