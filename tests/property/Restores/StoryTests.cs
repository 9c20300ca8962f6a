using FsCheck.Xunit;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Restores;

namespace Lineage.Tests.Property.Restores;

/// <summary>Laws over whole stories of saves, findings and recoveries; each story also repeats every command
/// (<see cref="Ledger"/>).</summary>
public sealed class StoryTests
{
    static Ledger Play(byte[] story, Action<Ledger>? after = null)
    {
        var ledger = new Ledger(worldSize: 2, new SavePolicy(FullEvery: 3));
        foreach (var step in story)
        {
            ledger.Play(step);
            after?.Invoke(ledger);
        }

        return ledger;
    }

    /// <summary>Verified, not quarantined, and so is everything it is built on: read from the events alone, without the code under
    /// test.</summary>
    static bool IsWhole(Ledger ledger, CheckpointId id)
    {
        var stream = ledger.All.Where(e => e.Stream == id.StreamKey).Select(static e => e.Event).ToList();
        return stream.Exists(static e => e is CheckpointVerified) && !stream.Exists(static e => e is CheckpointQuarantined)
            && (((CheckpointOpened)stream[0]).Base is not { } edge || IsWhole(ledger, edge.Checkpoint));
    }

    [Property(MaxTest = 150, EndSize = 60)]
    public void A_chosen_point_is_whole_and_verified_with_its_chain_and_no_newer_one_of_the_history_was(byte[] story) =>
        Play(story, static ledger =>
    {
        var history = ledger.ForRestoring(ledger.Run.Generation.Value + 1);
        var survey = RestorePointChooser.Survey(history, new RestoreFilter(ledger.World));
        Assert.All(survey.Usable, chain => Assert.True(IsWhole(ledger, chain.Target.Id)));
        Assert.Equal(history.Candidates.Where(c => IsWhole(ledger, c.Id)).Select(static c => c.Id),
            survey.Usable.Select(static chain => chain.Target.Id));
        Assert.Equal(survey.Rejected.Count + survey.Usable.Count, ledger.Checkpoints.Count);
        Assert.All(survey.Rejected, static rejected => Assert.True(rejected.Detail.Length > 5));
        if (survey.Best is not { } best) return;
        var newer = ledger.Checkpoints.Where(c => (c.Id.Step, c.Id.Generation)
            .CompareTo((best.Target.Id.Step, best.Target.Id.Generation)) > 0).Select(static c => c.Id);
        Assert.Equal(newer.ToHashSet(), survey.NewerRejected.Select(static r => r.Checkpoint).ToHashSet());
    });

    [Property(MaxTest = 150, EndSize = 60)]
    public void After_the_next_grant_nothing_of_an_older_generation_is_accepted(byte[] story)
    {
        Generation current = default;
        foreach (var (_, e) in Play(story).All)
        {
            if (e is LeaseGranted granted)
            {
                Assert.Equal(current.Value + 1, granted.Generation.Value);
                current = granted.Generation;
            }

            var written = e switch
            {
                CheckpointOpened o => o.Checkpoint.Generation,
                ShardDiffed d => d.Checkpoint.Generation,
                ShardStored s => s.Checkpoint.Generation,
                CheckpointSealed s => s.Checkpoint.Generation,
                CheckpointAbandoned { Failure: not null } a => a.Checkpoint.Generation,
                RankRestored r => r.Recovery.Generation,
                RecoveryCompleted c => c.Recovery.Generation,
                _ => current,
            };
            Assert.Equal(current, written);
        }
    }

    [Property(MaxTest = 150, EndSize = 60)]
    public void Descent_and_storage_are_forests_and_a_base_is_sealed_before_its_child_begins(byte[] story)
    {
        Dictionary<CheckpointId, CheckpointSealed> sealedSoFar = [];
        foreach (var (_, e) in Play(story).All)
        {
            if (e is CheckpointSealed seal) sealedSoFar.Add(seal.Checkpoint, seal);   // a second seal of one checkpoint throws
            if (e is not CheckpointOpened opened) continue;
            if (opened.Base is { } edge)
            {
                Assert.Equal(sealedSoFar[edge.Checkpoint].ManifestHash, edge.ManifestHash);
                Assert.True(IsBefore(edge.Checkpoint, opened.Checkpoint));
            }

            if (opened.Parent is not { } parent) continue;
            Assert.Contains(parent, sealedSoFar.Keys);
            Assert.True(IsBefore(parent, opened.Checkpoint));
        }
    }

    [Property(MaxTest = 150, EndSize = 60)]
    public void A_history_walks_down_generations_and_splits_the_runs_checkpoints_in_two(byte[] story) => Play(story, static ledger =>
    {
        foreach (var history in new[] { ledger.ForWriting, ledger.ForRestoring(ledger.Run.Generation.Value + 1) })
        {
            var generations = history.Stretches.Select(static stretch => stretch.Generation.Value).ToList();
            Assert.Equal(generations.Distinct().OrderDescending(), generations);
            Assert.Equal(ledger.Checkpoints.Select(static c => c.Id).ToHashSet(), history.Candidates.Concat(history.Off)
                .Select(static c => c.Id).ToHashSet());
            Assert.Empty(history.Candidates.Select(static c => c.Id).Intersect(history.Off.Select(static c => c.Id)));
            Assert.All(history.Off, off => Assert.StartsWith("off history: ", history.WhyOff(off), StringComparison.Ordinal));
        }
    });

    [Property(MaxTest = 150, EndSize = 60)]
    public void A_completed_recovery_has_every_rank_on_the_point_chosen_last(byte[] story)
    {
        var all = Play(story).All;
        foreach (var completed in all.Select(static e => e.Event).OfType<RecoveryCompleted>())
        {
            var recovery = all.Where(e => e.Stream == completed.Recovery.StreamKey).Select(static e => e.Event).ToList();
            var chosen = recovery.OfType<RestorePointChosen>().Last();
            var restored = recovery.Skip(recovery.IndexOf(chosen)).OfType<RankRestored>().ToList();
            Assert.Equal([0, 1], restored.Select(static r => r.Rank.Value).Order());
            Assert.All(restored, r => Assert.Equal(chosen.Chosen, r.Checkpoint));
            Assert.Equal(chosen.Chosen?.Step ?? default, completed.Step);
        }
    }

    [Property(MaxTest = 150, EndSize = 60)]
    public void Quarantine_is_sticky_and_every_closed_checkpoint_stays_closed(byte[] story) => Play(story, static ledger =>
    {
        foreach (var checkpoint in ledger.Checkpoints)
        {
            var stream = ledger.All.Where(e => e.Stream == checkpoint.Id.StreamKey).Select(static e => e.Event).ToList();
            Assert.Equal(stream.Exists(static e => e is CheckpointQuarantined), checkpoint.Phase == CheckpointPhase.Quarantined);
            Assert.True(stream.Count(static e => e is CheckpointSealed or CheckpointAbandoned) <= 1);
            Assert.True(stream.Count(static e => e is CheckpointQuarantined) <= 1);
        }
    });

    [Fact]
    public void Stories_reach_what_the_laws_speak_of()
    {
        HashSet<Type> seen = [];
        for (var seed = 0; seed < 40; seed++)
        {
            var story = new byte[60];
            new Random(seed).NextBytes(story);
            seen.UnionWith(Play(story).All.Select(static e => e.Event.GetType()));
        }

        Assert.Superset(
            new HashSet<Type>
            {
                typeof(CheckpointSealed), typeof(CheckpointAbandoned), typeof(CheckpointVerified), typeof(CheckpointQuarantined),
                typeof(StaleGenerationRefused),
                typeof(RestorePointChosen), typeof(RecoveryCompleted), typeof(RecoveryFailed), typeof(LeaseReleased),
            },
            seen);
    }

    static bool IsBefore(CheckpointId one, CheckpointId other) => (one.Step, one.Generation).CompareTo((other.Step, other.Generation)) < 0;
}
