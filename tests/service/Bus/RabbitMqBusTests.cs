using Lineage.Agents.Reporting;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;
using Lineage.Contracts.Messages;
using Lineage.Tests.Service.Worlds;
using RabbitMQ.Client;

namespace Lineage.Tests.Service.Bus;

/// <summary>
/// A broker and a server for the class. Where RabbitMQ is missing nothing is started and every test says why it was skipped.
/// </summary>
public sealed class BrokerAndServer : IAsyncLifetime
{
    string folder = "";

    public PrivateRabbitMq Broker { get; private set; } = null!;

    public RunningServer Server { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        if (PrivateRabbitMq.Installed is null) return;
        folder = RunningServer.Folder();
        Broker = await PrivateRabbitMq.StartAsync(folder, TimeProvider.System, default);
        Server = await RunningServer.StartAsync(o => o with { BrokerAddress = Broker.Address });
    }

    public async Task DisposeAsync()
    {
        if (folder.Length == 0) return;
        await Server.DisposeAsync();
        await Broker.DisposeAsync();
        RunningServer.Delete(folder);
    }
}

/// <summary>A real RabbitMQ.</summary>
[Trait("Speed", "slow")]
public sealed class RabbitMqBusTests(BrokerAndServer world) : IClassFixture<BrokerAndServer>
{
    [RabbitMqFact]
    public async Task A_checkpoint_seals_once_under_duplicates_in_any_order()
    {
        await using var publisher = await PublisherAsync();
        await BusLaws.A_checkpoint_seals_once_under_duplicates_in_any_order(world.Server, "rabbit-1", SendBy(publisher));
    }

    [RabbitMqFact]
    public async Task A_refused_message_is_kept_with_its_reason_delays_no_other_and_can_be_replayed()
    {
        await using var publisher = await PublisherAsync();
        await BusLaws.A_refused_message_is_kept_with_its_reason_delays_no_other_and_can_be_replayed(
            world.Server, "rabbit-2", SendBy(publisher));
    }

    [RabbitMqFact]
    public async Task Twenty_histories_of_duplicates_reordering_and_delay_leave_exactly_once_streams()
    {
        await using var publisher = await PublisherAsync();
        await BusLaws.Histories_of_duplicates_reordering_and_delay_leave_exactly_once_streams(
            world.Server, "rabbit-5", SendBy(publisher), histories: 20);
    }

    [RabbitMqFact]
    public async Task Bytes_that_are_no_message_become_a_dead_letter_and_delay_no_other()
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.BasicPublishAsync(
            BusTopology.ShardStoreReportedExchange, "", mandatory: true,
            new BasicProperties { ContentType = "application/vnd.masstransit+json" }, Half.ToArray());
        await using var publisher = await PublisherAsync();
        var story = await Story.BeginAsync(world.Server.Client, "rabbit-3");
        var plan = await story.OpenAsync(story.Id(10));
        await publisher.PublishAsync(story.ReportsOf(plan), default);
        await story.UntilAsync(plan.Checkpoint, CheckpointPhase.Sealed);

        // Set aside at its first delivery and moved to where people look, whole.
        var letters = await Story.UntilAsync(
            async () => (await world.Server.Client.ListDeadLettersAsync(null, 1_000, default)).Items
                .Where(static l => l.Kind is null).ToArray(),
            static found => found.Length == 1, "the bytes are a dead letter");
        var letter = await world.Server.Client.GetDeadLetterAsync(letters[0].Id, default);
        Assert.Equal(("unreadable", "broker"), (letter.Code, letter.Carrier));
        Assert.Equal(Half.ToArray(), Convert.FromBase64String(letter.Bytes!));
        await world.Server.Client.DiscardDeadLetterAsync(letter.Id, default);
        var gone = await Assert.ThrowsAsync<LineageProblemException>(() => world.Server.Client.GetDeadLetterAsync(letter.Id, default));
        Assert.Equal(ProblemCodes.NotFound, gone.Code);
    }

    [RabbitMqFact]
    public async Task Queues_are_quorum_queues_with_a_delivery_limit_and_a_dead_letter_exchange()
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        var dead = new Dictionary<string, object?>(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" };
        var facts = new Dictionary<string, object?>(dead, StringComparer.Ordinal)
        {
            ["x-delivery-limit"] = BusTopology.DeliveriesMax,
            ["x-dead-letter-exchange"] = BusTopology.DeadLetters,
        };

        // A queue that has other arguments refuses to be declared with these.
        await channel.QueueDeclareAsync(BusTopology.FactsQueue, durable: true, exclusive: false, autoDelete: false, facts);
        await channel.QueueDeclareAsync(BusTopology.DeadLetters, durable: true, exclusive: false, autoDelete: false, dead);
        Assert.Equal("rabbitmq", (await world.Server.Client.GetServiceAsync(default)).Broker);
    }

    [RabbitMqFact]
    public async Task A_broker_that_is_killed_and_comes_back_loses_nothing_that_its_sender_still_holds()
    {
        var story = await Story.BeginAsync(world.Server.Client, "rabbit-4",
            policy: new SavePolicy(SaveDeadlineSeconds: 600, LeaseSeconds: 600));
        await using var publisher = await PublisherAsync();
        var plan = await story.OpenAsync(story.Id(20));
        await publisher.PublishAsync([.. story.ReportsOf(plan).Take(2)], default);
        await world.Broker.KillAsync(default);

        // Facts that are posted do not need the broker.
        await story.SaveAsync(10);
        var away = await Assert.ThrowsAsync<LineageProblemException>(() => publisher.PublishAsync(story.ReportsOf(plan), default));
        Assert.Equal(ProblemCodes.BrokerUnreachable, away.Code);
        await world.Broker.RestartAsync(default);
        await Story.UntilAsync(async () =>
        {
            try
            {
                await publisher.PublishAsync(story.ReportsOf(plan), default);   // as an outbox does
                return true;
            }
            catch (LineageProblemException e) when (e.Code is ProblemCodes.BrokerUnreachable)
            {
                return false;
            }
        }, static sent => sent, "the broker takes messages again");
        await story.UntilAsync(plan.Checkpoint, CheckpointPhase.Sealed);
    }

    static ReadOnlySpan<byte> Half => "{\"half\":"u8;

    Task<IConnection> ConnectAsync() => new ConnectionFactory { Uri = new Uri(world.Broker.Address) }.CreateConnectionAsync();

    Task<BrokerFactPublisher> PublisherAsync() =>
        BrokerFactPublisher.ConnectAsync(new Uri(world.Broker.Address), TimeProvider.System, TimeSpan.FromSeconds(30), default);

    static BusLaws.Send SendBy(BrokerFactPublisher publisher) => facts => publisher.PublishAsync(facts, default);
}
