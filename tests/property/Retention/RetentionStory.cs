using System.Collections.Immutable;
using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Retention;
using Lineage.Runs;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Retention;

/// <summary>A run of light rows with everything that can keep one of them, made up from bytes: small, so that what breaks a law can be
/// read.</summary>
sealed class RetentionStory
{
    readonly List<Candidate> all = [];
    readonly Dictionary<CheckpointId, Afterlife> lives = [];
    readonly List<HistoryTurn> turns = [];
    readonly List<OutsideNeed> needs = [];
    long generation = 1, step;
    double day;

    public static DateTimeOffset Now { get; } = At(86_400 * 400);

    public RetentionPolicy? Policy { get; set; } = new();

    public Run Run { get; private set; } = RunAt(1);

    public IReadOnlyList<Candidate> All => all;

    public RetentionStanding Standing => new(
        Run with { Generation = new Generation(generation) }, 7,
        History.ForRestoring(new Generation(generation + 1), all, turns), lives, needs);

    public RetentionPlan Plan(DateTimeOffset? now = null) => RetentionPlanner.Plan(Standing, Policy, now ?? Now);

    public static RetentionStory Play(byte[] acts)
    {
        var story = new RetentionStory();
        foreach (var act in acts) story.Play(act);
        return story;
    }

    void Play(byte act)
    {
        var choice = act / 16;
        switch (act % 16)
        {
            case <= 4: Save(CheckpointPhase.Verified, onBase: choice % 4 != 0, metric: choice % 5); break;
            case 5: Save(CheckpointPhase.Sealed, onBase: choice % 2 == 0); break;
            case 6: Save(CheckpointPhase.Open, onBase: choice % 2 == 0); break;
            case 7: Save(CheckpointPhase.Abandoned, onBase: false); break;
            case 8: Hurt(choice); break;
            case 9:
                Mark(choice, new CheckpointPinned(Picked(choice), Launcher, "mine", choice % 3 == 0 ? Now.AddDays(-1) : null, At(0)));
                break;
            case 10: Mark(choice, new HoldPlaced(Picked(choice), "matter", Launcher, "law", At(0))); break;
            case 11 when all.Count > 0: Tag($"tag-{choice}", Picked(choice)); break;
            case 12 when all.Count > 0:
                needs.Add(new OutsideNeed(Picked(choice), (choice % 2 == 0) ? KeepRule.Fork : KeepRule.Restoring, "x"));
                break;
            case 13: Recover(choice); break;
            default: day += choice + 0.3; break;
        }
    }

    public CheckpointId Picked(int choice) => all.Count == 0 ? Id(1, 1) : all[choice * 7 % all.Count].Id;

    public Candidate Save(CheckpointPhase phase, bool onBase = false, double? metric = null, CheckpointId? baseOf = null)
    {
        step += 10;
        var id = Id(generation, step);
        var below = baseOf is { } wanted ? all.Find(c => c.Id == wanted)
            : all.FindLast(c => c.Id.Generation.Value == generation && c.IsUsableBase && onBase);
        var isSealed = phase is not (CheckpointPhase.Open or CheckpointPhase.Abandoned);
        var at = At(86_400 * day);
        var link = below is null ? null : new BaseLink(below.Id, below.ManifestHash!.Value, (below.Base?.Depth ?? -1) + 1);
        all.Add(new Candidate(
            id, phase, link is null ? CheckpointKind.Full : CheckpointKind.Incremental, Parent: null, link, Two, Layout,
            isSealed ? Hash(id.ToString()) : null, RootsDigest: null, BaseRootsDigest: null, [], 2_000, isSealed ? 1_000 : 0, at,
            at.AddSeconds(60), isSealed ? at : null, phase == CheckpointPhase.Verified ? at : null, CheckedAt: null,
            phase == CheckpointPhase.Abandoned ? "late" : null));
        if (metric is { } value && isSealed) Mark(id, new MetricsRecorded(id, [new Metric("val_loss", value)], Launcher, at));
        return all[^1];
    }

    /// <summary>A save that happens on a given day.</summary>
    public Candidate SaveOn(double onDay, CheckpointPhase phase = CheckpointPhase.Verified, double? metric = null)
    {
        day = onDay;
        return Save(phase, metric: metric);
    }

    public void Hurt(int choice)
    {
        if (all.Count == 0) return;
        var i = choice * 7 % all.Count;
        if (all[i].IsUsableBase) all[i] = all[i] with { Phase = CheckpointPhase.Quarantined, Cause = "hurt" };
    }

    public void Tag(string tag, CheckpointId id) =>
        Run = Run with { Tags = (Run.Tags ?? ImmutableSortedDictionary<string, CheckpointId>.Empty).SetItem(tag, id) };

    public void Need(OutsideNeed need) => needs.Add(need);

    public void Mark(CheckpointId id, object @event)
    {
        var known = lives.GetValueOrDefault(id) ?? new Afterlife(Marks: null, Ending: null);
        lives[id] = known with { Marks = CheckpointMarks.Fold(known.Marks ?? CheckpointMarks.None, @event) };
    }

    void Mark(int choice, object @event)
    {
        if (all.Count > 0) Mark(Picked(choice), @event);
    }

    /// <summary>The run turns back to a restore point.</summary>
    public void Recover(int choice)
    {
        var points = all.FindAll(static c => c.Phase == CheckpointPhase.Verified);
        if (points.Count == 0) return;
        var to = points[choice % points.Count].Id;
        turns.Add(new HistoryTurn(new Generation(++generation), RecoveryPhase.Completed, HasChoice: true, to));
        step = Math.Max(step, to.Step.Value);
    }

    /// <summary>What expires, expires; as the decider would record it.</summary>
    public void Apply(RetentionPlan plan)
    {
        foreach (var entry in plan.Entries.Where(static e => e.Outcome == RetentionOutcome.Expire))
        {
            var i = all.FindIndex(c => c.Id == entry.Checkpoint);
            all[i] = all[i] with { Phase = CheckpointPhase.Expired, Cause = entry.Why };
            lives[entry.Checkpoint] = (lives.GetValueOrDefault(entry.Checkpoint) ?? new Afterlife(null, null)) with
            {
                Ending = CheckpointEnding.Fold(null, new CheckpointExpired(entry.Checkpoint, entry.Why, plan.Digest, Now, Now)),
            };
        }
    }

    public static RetentionPolicy? PolicyOf(int shape) => (shape & 7) == 7 ? null : new RetentionPolicy(
        Latest: (shape & 3) switch { 0 => 0, 1 => 1, 2 => 3, _ => 8 }, Best: (shape >> 3 & 1) * 2, BestBy: "val_loss",
        BestOrder: (shape >> 4 & 1) == 0 ? MetricOrder.LowerIsBetter : MetricOrder.HigherIsBetter, Daily: (shape >> 5 & 1) * 3,
        Weekly: (shape >> 6 & 1) * 2, VerifiedMin: 1 + (shape >> 7 & 3));
}
