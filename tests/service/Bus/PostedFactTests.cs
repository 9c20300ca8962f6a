using Lineage.Contracts.Api;
using Lineage.Tests.Service.Worlds;

namespace Lineage.Tests.Service.Bus;

/// <summary>Facts that are posted to a server.</summary>
public sealed class PostedFactTests
{
    [Fact]
    public async Task A_checkpoint_seals_once_under_duplicates_in_any_order()
    {
        await using var server = await RunningServer.StartAsync();
        await BusLaws.A_checkpoint_seals_once_under_duplicates_in_any_order(server, "posted-1", SendTo(server));
    }

    [Fact]
    public async Task What_is_refused_is_kept_what_is_answered_is_on_record_and_what_is_too_much_is_told_to_come_again()
    {
        await using var server = await RunningServer.StartAsync();
        await BusLaws.A_refused_message_is_kept_with_its_reason_delays_no_other_and_can_be_replayed(server, "posted-2", SendTo(server));

        // The answer follows the commit: nobody has to ask again.
        var story = await Story.BeginAsync(server.Client, "posted-3");
        var plan = await story.OpenAsync(story.Id(10));
        await story.PostAsync(story.ReportsOf(plan));
        Assert.Equal(CheckpointPhase.Sealed, (await server.Client.GetCheckpointAsync(plan.Checkpoint, default)).Phase);

        // A body that would exceed the bound is refused before it is read.
        var gate = new PostGateProbe();
        gate.Fill();
        Assert.Equal((429, "rate-limited"), await gate.PostAsync());
        await gate.ReleaseAsync();
        Assert.Equal((200, ""), await gate.PostAsync());
    }

    static BusLaws.Send SendTo(RunningServer server) => facts => server.Client.PostFactsAsync(new(facts), default);
}
