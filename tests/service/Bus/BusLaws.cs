using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Tests.Service.Worlds;

namespace Lineage.Tests.Service.Bus;

/// <summary>What every transport of facts must hold. A law is one method here; each transport calls all of them.</summary>
internal static class BusLaws
{
    public delegate Task Send(IReadOnlyList<FactMessage> facts);

    public static async Task A_checkpoint_seals_once_under_duplicates_in_any_order(RunningServer server, string run, Send send)
    {
        var story = await Story.BeginAsync(server.Client, run, world: 4);
        var plan = await story.OpenAsync(story.Id(10));
        var facts = story.ReportsOf(plan);
        var random = new Random(7);
        for (var delivery = 0; delivery < 3; delivery++)
        {
            var copy = facts.ToArray();
            random.Shuffle(copy);
            await send(copy);
        }

        var closed = await story.UntilAsync(plan.Checkpoint, CheckpointPhase.Sealed);
        await send(facts);                                           // a sender that never heard of it
        var next = await story.OpenAsync(story.Id(20));
        await send(story.ReportsOf(next));                           // everything before has gone through the same queue
        await story.UntilAsync(next.Checkpoint, CheckpointPhase.Sealed);
        Assert.Equal(1 + 8 + 1, closed.Version);
        Assert.Equal(closed.Version, (await server.Client.GetCheckpointAsync(plan.Checkpoint, default)).Version);
    }

    public static async Task A_refused_message_is_kept_with_its_reason_delays_no_other_and_can_be_replayed(
        RunningServer server, string run, Send send)
    {
        var story = await Story.BeginAsync(server.Client, run);
        var plan = await story.OpenAsync(story.Id(10));
        var early = Story.ReportsOf(plan with { Checkpoint = story.Id(11) }, new Rank(0));   // a checkpoint that nobody opened
        await send([.. early, .. story.ReportsOf(plan)]);
        await story.UntilAsync(plan.Checkpoint, CheckpointPhase.Sealed);
        var letters = await Story.UntilAsync(() => LettersOfAsync(server, run), static found => found.Count == 2, "both are dead letters");
        Assert.All(letters, static letter => Assert.Equal(ProblemCodes.NoSuchCheckpoint, letter.Code));
        Assert.Equal(early.Select(static m => m.Id.ToString()).Order(StringComparer.Ordinal),
            letters.Select(static l => l.Id).Order(StringComparer.Ordinal));

        var again = await server.Client.ReplayDeadLetterAsync(letters[0].Id, default);
        Assert.Equal((false, ProblemCodes.NoSuchCheckpoint), (again.Taken, again.Code));
        await story.OpenAsync(story.Id(11));
        foreach (var letter in letters) Assert.True((await server.Client.ReplayDeadLetterAsync(letter.Id, default)).Taken);
        Assert.Empty(await LettersOfAsync(server, run));
        var shard = Assert.Single((await server.Client.GetCheckpointAsync(story.Id(11), default)).Shards);
        Assert.NotNull(shard.Stored);
    }

    public static async Task<IReadOnlyList<DeadLetterView>> LettersOfAsync(RunningServer server, string run) =>
        [.. (await server.Client.ListDeadLettersAsync(null, 1_000, default)).Items
            .Where(letter => letter.Checkpoint?.StartsWith($"{run}/", StringComparison.Ordinal) == true)];

    /// <summary>S9 against the real thing: each history puts on record what exactly-once delivery puts there.</summary>
    public static async Task Histories_of_duplicates_reordering_and_delay_leave_exactly_once_streams(
        RunningServer server, string run, Send send, int histories)
    {
        var story = await Story.BeginAsync(server.Client, run, world: 3, new SavePolicy(SaveDeadlineSeconds: 600, LeaseSeconds: 600));
        var plans = new List<SavePlan>();
        for (var history = 1; history <= histories; history++) plans.Add(await story.OpenAsync(story.Id(history * 10)));
        await Task.WhenAll(plans.Select(async (plan, seed) =>
        {
            var random = new Random(seed);
            var copies = story.ReportsOf(plan).SelectMany(m => Enumerable.Repeat(m, 1 + random.Next(3))).ToArray();
            random.Shuffle(copies);
            foreach (var part in copies.Chunk(1 + random.Next(4))) await send(part);
        }));
        foreach (var plan in plans) await story.UntilAsync(plan.Checkpoint, CheckpointPhase.Sealed);
        foreach (var stream in (await story.LogAsync()).Where(static e => e.Stream.StartsWith("checkpoint/", StringComparison.Ordinal))
            .GroupBy(static e => e.Stream, StringComparer.Ordinal))
        {
            Assert.Equal(Enumerable.Range(1, 1 + (2 * 3) + 1).Select(static v => (long)v), stream.Select(static e => e.Version));
            Assert.Equal("checkpoint-sealed.v1", stream.Last().Name);
            Assert.Equal(3, stream.Count(static e => e.Name == "shard-stored.v1"));
        }
    }
}
