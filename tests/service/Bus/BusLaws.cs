using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Tests.Service.Worlds;

namespace Lineage.Tests.Service.Bus;

/// <summary>What every transport of facts must hold. A law is one method here; each transport calls all of them.</summary>
internal static class BusLaws
{
    public static async Task A_checkpoint_seals_once_under_duplicates_in_any_order(RunningServer server, string run)
    {
        var story = await Story.BeginAsync(server.Client, run, world: 4);
        var plan = await story.OpenAsync(story.Id(10));
        var facts = story.ReportsOf(plan);
        var random = new Random(7);
        for (var delivery = 0; delivery < 3; delivery++)
        {
            var copy = facts.ToArray();
            random.Shuffle(copy);
            await story.PostAsync(copy);
        }

        var closed = await story.UntilAsync(plan.Checkpoint, CheckpointPhase.Sealed);
        await story.PostAsync(facts);                                // a sender that never heard of it
        await story.SaveAsync(20);                                   // everything before has gone through the same queue
        Assert.Equal(1 + 8 + 1, closed.Version);
        Assert.Equal(closed.Version, (await server.Client.GetCheckpointAsync(plan.Checkpoint, default)).Version);
    }

    public static async Task A_poison_message_becomes_a_dead_letter_with_its_reason_and_delays_no_other(
        RunningServer server, string run, Func<Task<IReadOnlyList<string>>> deadLetterReasons)
    {
        var story = await Story.BeginAsync(server.Client, run);
        var plan = await story.OpenAsync(story.Id(10));
        var poison = Story.ReportsOf(plan with { Checkpoint = story.Id(11) }, new Rank(0));   // a checkpoint that nobody opened
        await story.PostAsync([.. poison, .. story.ReportsOf(plan)]);
        await story.UntilAsync(plan.Checkpoint, CheckpointPhase.Sealed);
        var reasons = new List<string>();
        await Story.UntilAsync(async () =>
        {
            reasons.AddRange(await deadLetterReasons());
            return reasons.Count;
        }, static count => count >= 2, "both poison messages are dead letters");
        Assert.All(reasons.Take(2), static reason => Assert.Equal(ProblemCodes.NoSuchCheckpoint, reason));
    }
}
