using System.Text;
using System.Text.Json;
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
    public Task A_checkpoint_seals_once_under_duplicates_in_any_order() =>
        BusLaws.A_checkpoint_seals_once_under_duplicates_in_any_order(world.Server, "rabbit-1");

    [RabbitMqFact]
    public async Task A_poison_message_becomes_a_dead_letter_with_its_reason_and_delays_no_other()
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        // The queue is the class's: what the other tests left there, or what comes at least once more, is not this test's.
        const string run = "rabbit-2";
        await BusLaws.A_poison_message_becomes_a_dead_letter_with_its_reason_and_delays_no_other(
            world.Server, run, async () =>
                [.. (await TakeDeadAsync(channel)).Where(static letter => IsOf(run, letter)).Select(ReasonCode)]);
    }

    [RabbitMqFact]
    public async Task Bytes_that_are_no_message_become_a_dead_letter_and_delay_no_other()
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.BasicPublishAsync(
            BusTopology.ShardStoreReportedExchange, "", mandatory: true,
            new BasicProperties { ContentType = "application/vnd.masstransit+json" }, Half.ToArray());
        await (await Story.BeginAsync(world.Server.Client, "rabbit-3")).SaveAsync(10);
        var dead = await Story.UntilAsync(() => TakeDeadAsync(channel), static dead => dead.Any(IsHalf), "the bytes are a dead letter");

        // Set aside by the server at its first delivery: the broker gave it up after twenty once, and everybody waited.
        var headers = dead.First(IsHalf).BasicProperties.Headers!;
        Assert.Equal("fault", Encoding.UTF8.GetString((byte[])headers["MT-Reason"]!));
        Assert.False(headers.ContainsKey("x-death"));
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
        await story.SaveAsync(10);
        var plan = await story.OpenAsync(story.Id(20));
        await story.PostAsync([.. story.ReportsOf(plan).Take(2)]);
        await world.Broker.KillAsync(default);
        var once = new Agents.Client.ClientOptions(new Uri(world.Server.Server.Url), world.Server.Client.Actor) { RetriesMax = 0 };
        using var impatient = new Agents.Client.LineageClient(once, TimeProvider.System);
        var away = await Assert.ThrowsAsync<LineageProblemException>(() =>
            impatient.PostFactsAsync(new FactBatch(story.ReportsOf(plan)), default));
        Assert.Equal(ProblemCodes.BrokerUnreachable, away.Code);
        await world.Broker.RestartAsync(default);
        await Story.UntilAsync(async () =>
        {
            try
            {
                await impatient.PostFactsAsync(new FactBatch(story.ReportsOf(plan)), default);   // as an outbox does
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

    static bool IsOf(string run, BasicGetResult letter) =>
        Encoding.UTF8.GetString(letter.Body.Span).Contains($"\"{run}/", StringComparison.Ordinal);

    static bool IsHalf(BasicGetResult letter) => letter.Body.Span.StartsWith(Half);

    Task<IConnection> ConnectAsync() => new ConnectionFactory { Uri = new Uri(world.Broker.Address) }.CreateConnectionAsync();

    static async Task<IReadOnlyList<BasicGetResult>> TakeDeadAsync(IChannel channel)
    {
        var taken = new List<BasicGetResult>();
        while (await channel.BasicGetAsync(BusTopology.DeadLetters, autoAck: true) is { } letter) taken.Add(letter);
        return taken;
    }

    static string ReasonCode(BasicGetResult letter)
    {
        using var envelope = JsonDocument.Parse(Encoding.UTF8.GetString(letter.Body.Span));
        return envelope.RootElement.GetProperty("headers").TryGetProperty(BusTopology.ReasonCodeHeader, out var code) ? code.GetString()!
            : "no reason";
    }
}
