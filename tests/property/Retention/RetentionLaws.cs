using FsCheck.Xunit;
using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Restores;
using Lineage.Retention;

namespace Lineage.Tests.Property.Retention;

/// <summary>What holds of every plan, whatever the history and whatever the policy says (S13).</summary>
public sealed class RetentionLaws
{
    const int Cases = 2_000, Acts = 40;

    static RetentionStory Story(byte[] acts, int shape)
    {
        var story = RetentionStory.Play(acts);
        story.Policy = RetentionStory.PolicyOf(shape);
        return story;
    }

    static HashSet<CheckpointId> In(RetentionPlan plan, RetentionOutcome outcome) =>
        [.. plan.Entries.Where(entry => entry.Outcome == outcome).Select(static entry => entry.Checkpoint)];

    [Property(MaxTest = Cases, EndSize = Acts)]
    public void Nothing_that_a_kept_checkpoint_is_built_on_expires(byte[] acts, int shape)
    {
        var story = Story(acts, shape);
        var plan = story.Plan();
        var (kept, gone) = (In(plan, RetentionOutcome.Keep), In(plan, RetentionOutcome.Expire));
        var known = story.All.ToDictionary(static c => c.Id);
        foreach (var id in kept)
            for (var link = known[id]; link.Base is { } edge; link = known[edge.Checkpoint])
                if (known[id].Phase != CheckpointPhase.Abandoned) Assert.DoesNotContain(edge.Checkpoint, gone);
    }

    /// <summary>Found by the simulator (S6, seed 30563): a base had expired, what was built on it had not yet, and was
    /// needed.</summary>
    [Property(MaxTest = Cases, EndSize = Acts)]
    public void What_is_built_on_a_checkpoint_expires_before_it(byte[] acts, int shape)
    {
        var story = Story(acts, shape);
        var plan = story.Plan();
        var order = RetentionPlanner.InOrder(plan).Select(static entry => entry.Checkpoint).ToList();
        var known = story.All.ToDictionary(static c => c.Id);
        Assert.Equal(In(plan, RetentionOutcome.Expire), [.. order]);
        for (var i = 0; i < order.Count; i++)
            if (known[order[i]].Base is { } edge) Assert.DoesNotContain(edge.Checkpoint, order.Take(i));
    }

    [Property(MaxTest = Cases, EndSize = Acts)]
    public void The_minimum_of_verified_ones_remains(byte[] acts, int shape)
    {
        var story = Story(acts, shape);
        if (story.Policy is not { } policy) return;
        var plan = story.Plan();
        var gone = In(plan, RetentionOutcome.Expire);
        var history = story.Standing.History;
        var verified = history.Candidates.Where(static c => c.Phase == CheckpointPhase.Verified).Select(static c => c.Id).ToList();
        var points = RestorePointChooser.Survey(history, new RestoreFilter()).Usable.Select(static chain => chain.Target.Id).ToList();
        Assert.True(verified.Count(id => !gone.Contains(id)) >= Math.Min(policy.VerifiedMin, verified.Count));
        Assert.True(points.Count(id => !gone.Contains(id)) >= Math.Min(1, points.Count));
        var anywhere = story.All.Where(static c => c.Phase == CheckpointPhase.Verified).Select(static c => c.Id).ToList();
        Assert.True(anywhere.Count(id => !gone.Contains(id)) >= Math.Min(policy.VerifiedMin, anywhere.Count));
    }

    /// <summary>A kept one off the history counted for one on it.</summary>
    [Fact]
    public void What_is_kept_off_the_history_does_not_stand_in_for_what_is_on_it() =>
        The_minimum_of_verified_ones_remains([0, 0, 0, 0, 237, 0, 73], -937514752);

    [Property(MaxTest = Cases, EndSize = Acts)]
    public void Pinned_held_tagged_forked_and_restoring_ones_stay(byte[] acts, int shape)
    {
        var story = Story(acts, shape);
        var standing = story.Standing;
        var gone = In(story.Plan(), RetentionOutcome.Expire);
        Assert.All(gone, id =>
        {
            Assert.False(standing.MarksOf(id).IsPinned(RetentionStory.Now));
            Assert.Empty(standing.MarksOf(id).Holds);
            Assert.DoesNotContain(id, standing.Tags.Select(static tag => tag.Value));
            Assert.DoesNotContain(id, standing.Needs.Select(static need => need.Checkpoint));
        });
    }

    [Property(MaxTest = Cases, EndSize = Acts)]
    public void The_newest_restore_point_and_whatever_is_newer_and_undecided_stay(byte[] acts, int shape)
    {
        var story = Story(acts, shape);
        var history = story.Standing.History;
        var gone = In(story.Plan(), RetentionOutcome.Expire);
        var best = RestorePointChooser.Survey(history, new RestoreFilter()).Best?.Target.Id;
        if (best is { } point) Assert.DoesNotContain(point, gone);
        var all = story.Standing.All.ToDictionary(static c => c.Id);
        Assert.DoesNotContain(history.Candidates, c => c.Phase == CheckpointPhase.Sealed && gone.Contains(c.Id)
            && ChainBuilder.LostBase(c, id => all.GetValueOrDefault(id)) is null);   // what waits in vain is not undecided
    }

    [Property(MaxTest = Cases, EndSize = Acts)]
    public void Planning_twice_gives_the_same_digest_and_applying_leaves_nothing_to_expire(byte[] acts, int shape)
    {
        var story = Story(acts, shape);
        var before = RestorePointChooser.Survey(story.Standing.History, new RestoreFilter()).Best?.Target.Id;
        var plan = story.Plan();
        Assert.Equal(plan.Digest, story.Plan(RetentionStory.Now.AddMinutes(1)).Digest);
        story.Apply(plan);
        var next = story.Plan();
        Assert.Equal(0, next.Expiring);
        Assert.Equal(In(plan, RetentionOutcome.Keep), In(next, RetentionOutcome.Keep));
        Assert.Equal(before, RestorePointChooser.Survey(story.Standing.History, new RestoreFilter()).Best?.Target.Id);
    }

    [Property(MaxTest = Cases, EndSize = Acts)]
    public void Every_checkpoint_has_one_entry_and_says_why(byte[] acts, int shape)
    {
        var story = Story(acts, shape);
        var plan = story.Plan();
        Assert.Equal(story.All.Count, plan.Entries.Count);
        Assert.Equal(plan.Entries.Count, plan.Entries.Select(static e => e.Checkpoint).Distinct().Count());
        Assert.All(plan.Entries, static entry =>
        {
            Assert.NotEmpty(entry.Why);
            Assert.Equal(entry.Outcome == RetentionOutcome.Keep, entry.Reasons.Count > 0);
        });
        if (story.Policy is null) Assert.Equal(0, plan.Expiring);
        Assert.Equal(plan.FreedBytes, plan.Entries.Where(static e => e.Outcome == RetentionOutcome.Expire).Sum(static e => e.StoredBytes));
    }
}
