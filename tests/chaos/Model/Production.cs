using System.Text;
using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Decisions;
using Lineage.Restores;
using Lineage.Retention;
using Lineage.Runs;

namespace Lineage.Tests.Chaos.Model;

/// <summary>
/// Production's deciders over their own events, asked the commands that the specification's steps stand for. Time never moves by itself:
/// every command says when it is decided.
/// </summary>
class Production
{
    static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(56);
    static readonly RunId TheRun = RunId.Parse("model");
    static readonly WorldSize World = new(Protocol.Ranks);
    static readonly ContentHash Layout = Hash("layout"), Plan = Hash("plan");
    static readonly ActorId Keeper = ActorId.Parse("keeper"), Agent = ActorId.Parse("rank");
    static readonly ActorId[] Launchers = [ActorId.Parse("x"), ActorId.Parse("y")];
    static readonly SavePolicy Saving = SavePolicy.Default;
    static readonly RetentionPolicy Retaining = new(Latest: 1, VerifiedMin: 1, GraceSeconds: 60);
    static readonly DateTimeOffset Late = Now.AddSeconds(Saving.SaveDeadlineSeconds);

    readonly Checkpoint?[] saves = new Checkpoint?[Protocol.Saves];
    readonly int[] events = new int[Protocol.Saves];

    public Run Run { get; private set; } = Run.Fold(
        Lineage.Runs.Run.Fold(null, new RunRegistered(TheRun, Saving, new Dictionary<string, string>(StringComparer.Ordinal), Now)),
        new LeaseGranted(TheRun, new Generation(1), Launchers[0], World, Saving.LeaseSeconds, Now))!;

    public Recovery? Recovery { get; private set; }

    public static int HolderOf(Run run) => Array.IndexOf(Launchers, run.Holder!.Value);

    public Checkpoint? this[int save] => saves[save];

    /// <summary>Events of the checkpoint's life, without those of retention, which may go back and forth.</summary>
    public int EventsOf(int save) => events[save];

    public Production Clone()
    {
        var copy = (Production)Activator.CreateInstance(GetType())!;
        (copy.Run, copy.Recovery) = (Run, Recovery);
        saves.CopyTo(copy.saves, 0);
        events.CopyTo(copy.events, 0);
        return copy;
    }

    public Decision Open(int save)
    {
        var id = saves[save]?.Id ?? new CheckpointId(TheRun, Run.Generation, new Step((save + 1) * 10));
        var history = saves[save] is null ? History.ForWriting(id.Generation, Candidates(), Turns()) : History.Empty;
        return Commit(save, DecideOpen(saves[save], Run, new CheckpointCommand.Open(id, World, Layout, history, Agent, new Rank(0), Now)));
    }

    protected virtual Decision DecideOpen(Checkpoint? state, Run run, CheckpointCommand.Open open) =>
        CheckpointDecider.Decide(state, run, open);

    public Decision Deliver(int save, int rank)
    {
        var state = saves[save]!;
        var root = RootOf(save, rank);
        var isDelta = state.Base is not null;
        var figures = new DiffFigures(isDelta ? RootOf(0, rank) : null, 1_000, isDelta ? 100 : 1_000, ChunkModeCounts.None, 1, 1);
        return Commit(save, DecideReport(state, Run, new ShardStoreReported
        {
            Id = default,
            Checkpoint = state.Id,
            Rank = new Rank(rank),
            Actor = Agent,
            Correlation = "model",
            Diff = figures,
            Root = root,
            StoredBytes = isDelta ? 100 : 1_000,
            Tier = "disk",
            ObjectKey = ObjectKeys.Shard(new ShardId(state.Id, new Rank(rank))),
        }));
    }

    public Decision Verify(int save, int rank, bool intact)
    {
        var id = saves[save]!.Id;
        return Commit(save, DecideReport(saves[save], Run, new ShardVerificationReported
        {
            Id = default,
            Checkpoint = id,
            Rank = new Rank(rank),
            Actor = Keeper,
            Correlation = "model",
            Finding = intact ? Finding.Intact : Finding.Altered,
            Depth = VerificationDepth.Deep,
            Root = intact ? RootOf(save, rank) : null,
            ReadBytes = 1_000,
        }));
    }

    protected virtual Decision DecideReport(Checkpoint? state, Run run, FactMessage message) =>
        CheckpointDecider.Decide(state, run, new CheckpointCommand.Report(message, Now));

    public Decision Abandon(int save, Cause cause) => Commit(save, DecideAbandon(saves[save], Run, new CheckpointCommand.Abandon(
        saves[save]!.Id, cause == Cause.NewerGeneration ? AbandonCause.NewerGeneration : AbandonCause.DeadlinePassed, "model",
        cause == Cause.DeadlinePassed ? Late : Now)));

    protected virtual Decision DecideAbandon(Checkpoint? state, Run run, CheckpointCommand.Abandon abandon) =>
        CheckpointDecider.Decide(state, run, abandon);

    public Decision Fail(int save, int rank) => Commit(save, DecideFail(saves[save], Run, new CheckpointCommand.Fail(
        saves[save]!.Id, new Rank(rank), "disk-full", "model", Agent, Now)));

    protected virtual Decision DecideFail(Checkpoint? state, Run run, CheckpointCommand.Fail fail) =>
        CheckpointDecider.Decide(state, run, fail);

    /// <summary>What the service does of itself once every deadline has passed.</summary>
    public Decision Sweep()
    {
        var open = saves.OfType<Checkpoint>().Where(static c => c.Phase == CheckpointPhase.Open)
            .Select(static c => new OpenSave(c.Id, c.Opened.Deadline));
        var answer = Decision.Done;
        foreach (var abandon in SaveDeadlines.Step(open, [new RunFence(TheRun, Run.Generation, Run.Completed is not null)], Late))
        {
            var save = saves[0]!.Id == abandon.Checkpoint ? 0 : 1;
            answer = Commit(save, DecideAbandon(saves[save], Run, abandon));
        }

        return answer;
    }

    public Decision Expire(int save)
    {
        var plan = RetentionPlanner.Plan(Standing(), Retaining, Now);
        var id = saves[save]!.Id;
        return plan.Entries.FirstOrDefault(entry => entry.Checkpoint == id) is { Outcome: RetentionOutcome.Expire } due
            ? Commit(save, RetentionDecider.Decide(
                saves[save], new RetentionCommand.Expire(id, due.Why, Plan, Retaining.GraceSeconds, Now)))
            : Decision.Done;
    }

    public Decision Undo(int save)
    {
        IReadOnlyList<Checkpoint> bases = saves[save]!.Base is null ? [] : [saves[0]!];
        return Commit(save, DecideUndo(saves[save]!, bases, new RetentionCommand.Undo(saves[save]!.Id, Keeper, "model", Pin: false, Now)));
    }

    protected virtual Decision DecideUndo(Checkpoint state, IReadOnlyList<Checkpoint> bases, RetentionCommand.Undo undo) =>
        RetentionDecider.Undo(state, bases, undo);

    public Decision Reclaim(int save, bool late) => Commit(save, DecideReclaim(saves[save]!, new RetentionCommand.StartReclaim(
        saves[save]!.Id, Keeper, [.. NeedsOf(saves[save]!.Id)], late ? Now.AddSeconds(3_600) : Now)));

    protected virtual Decision DecideReclaim(Checkpoint state, RetentionCommand.StartReclaim reclaim) =>
        RetentionDecider.Decide(state, reclaim);

    public Decision LoseLease() => Commit(0, RunDecider.Decide(
        Run, new RunCommand.ExpireLease(TheRun, Run.Generation, Now, Now)));

    public Decision Recover(int launcher)
    {
        var history = History.ForRestoring(new Generation(Run.Generation.Value + 1), Candidates(), Turns());
        return CommitRecovery(DecideStart(Run, Recovery, history, new RecoveryCommand.Start(
            TheRun, Launchers[launcher], World, new Generation(1), "model", [], ReachedStep: null, Now.AddSeconds(30), Now)));
    }

    protected virtual Decision DecideStart(Run run, Recovery? current, History history, RecoveryCommand.Start start) =>
        RecoveryDecider.Start(run, current, history, start);

    public Decision ChooseAgain() => CommitRecovery(RecoveryDecider.ChooseAgain(
        Run, Recovery, History.ForRestoring(Run.Generation, Candidates(), Turns()),
        new RecoveryCommand.ChooseAgain(Recovery!.Id, Run.Holder!.Value, Recovery.Attempt, "model", Now)));

    public Decision Restored()
    {
        var answer = Decision.Done;
        foreach (var rank in World.Ranks)
            answer = CommitRecovery(RecoveryDecider.ReportRankRestored(Run, Recovery, new RecoveryCommand.ReportRankRestored(
                Recovery!.Id, rank, Recovery.Chosen, 1, "disk", Hash("state"), 1, Agent, Now)));
        return answer;
    }

    Decision CommitRecovery(Decision decision)
    {
        foreach (var e in decision is Decision.Accepted accepted ? accepted.Events : [])
            Recovery = Lineage.Restores.Recovery.Fold(Recovery, e);
        return Commit(0, decision is Decision.Accepted { Elsewhere: { Count: > 0 } elsewhere }
            ? new Decision.Accepted([.. elsewhere.Select(static e => e.Event)])
            : decision, decision);
    }

    /// <summary>Every event goes to whichever stream it belongs to; folds let pass what is not theirs.</summary>
    Decision Commit(int save, Decision decision, Decision? answer = null)
    {
        if (decision is Decision.Accepted accepted)
        {
            foreach (var e in accepted.Events) Append(save, e);
            foreach (var e in accepted.Elsewhere)
                Append(saves[0] is { } a && string.Equals(a.Id.StreamKey, e.Stream, StringComparison.Ordinal) ? 0 : save, e.Event);
        }
        else if (decision is Decision.Refused refused)
        {
            foreach (var e in refused.Record) Run = Run.Fold(Run, e)!;
        }

        return answer ?? decision;
    }

    void Append(int save, object e)
    {
        Run = Run.Fold(Run, e)!;
        if (e is not (LeaseGranted or LeaseExpired or LeaseReleased or RankRestored or RecoveryCompleted or RestorePointChosen))
            saves[save] = Checkpoint.Fold(saves[save], e);
        if (e is ShardDiffed or ShardStored or ShardVerified or CheckpointOpened or CheckpointSealed or CheckpointAbandoned
            or CheckpointVerified or CheckpointQuarantined) events[save]++;
    }

    IEnumerable<Candidate> Candidates() => saves.OfType<Checkpoint>().Select(Candidate.Of);

    IEnumerable<HistoryTurn> Turns() => Recovery is null ? [] : [RecoveryViews.Turn(Recovery)];

    RetentionStanding Standing() => new(
        Run, 1, History.ForRestoring(new Generation(Run.Generation.Value + 1), Candidates(), Turns()),
        saves.OfType<Checkpoint>().Where(static c => c.Ending is not null).ToDictionary(
            static c => c.Id, static c => new Afterlife(c.Marks, c.Ending)),
        Recovery is { Phase: RecoveryPhase.Restoring, Chosen: not null } ? [Needs.OfRecovery(Recovery)] : []);

    /// <summary>As the service reads it while it holds the run: deltas whose bytes are there, recoveries under way.</summary>
    IEnumerable<KeepReason> NeedsOf(CheckpointId id)
    {
        foreach (var child in saves.OfType<Checkpoint>())
            if (child.Base?.Checkpoint == id && child.Phase is not (CheckpointPhase.Reclaimed or CheckpointPhase.Abandoned))
                yield return Needs.OfChild(child.Id, child.Phase);
        if (Recovery is { Phase: RecoveryPhase.Restoring } && Recovery.Chosen == id)
            yield return new KeepReason(KeepRule.Restoring, "model");
    }

    static readonly ContentHash[] Roots = [.. Shard.All.Select(static shard => Hash($"root {shard}"))];

    static ContentHash RootOf(int save, int rank) => Roots[(save * Protocol.Ranks) + rank];

    static ContentHash Hash(string of) => ContentHash.Of(Encoding.UTF8.GetBytes(of));
}
