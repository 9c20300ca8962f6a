using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Lineage.ChaosHarness.Worlds;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Lineage.Tests.Chaos.Calibration;

/// <summary>Rounds of: publish, kill the broker before all is confirmed, start it, let a consumer die with what it took; then drain.</summary>
sealed class RealBrokerRun(PrivateRabbitMq broker, int seed)
{
    const string Queue = "calibration";
    const int MessagesOfRound = 120, DrainMax = 100_000, ConnectMax = 600;

    readonly Random random = new(seed);
    readonly ConcurrentDictionary<string, int> arrived = new(StringComparer.Ordinal);
    readonly Dictionary<string, bool> confirmed = new(StringComparer.Ordinal);
    int published;

    /// <summary>What arrived and was never sent.</summary>
    public IEnumerable<string> Unknown => arrived.Keys.Where(id => !confirmed.ContainsKey(id));

    public async Task<IReadOnlyList<Sending>> PlayAsync(int rounds, CancellationToken ct)
    {
        for (var round = 0; round < rounds; round++)
        {
            await PublishAsync(isKilled: false, ct);
            await DieWithMessagesAsync(ct);
            await PublishAsync(isKilled: true, ct);
        }

        await DrainAsync(ct);
        return [.. confirmed.Select(one => new Sending(one.Key, one.Value, arrived.GetValueOrDefault(one.Key)))];
    }

    async Task PublishAsync(bool isKilled, CancellationToken ct)
    {
        await using var connection = await ConnectAsync(ct);
        await using var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), ct);
        await DeclareAsync(channel, ct);
        var sending = new List<(string Id, Task<bool> Confirmed)>();
        var killAfter = random.Next(MessagesOfRound / 4, MessagesOfRound / 2);
        for (var i = 0; i < MessagesOfRound; i++)
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"m{++published}");
            sending.Add((id, ConfirmAsync(channel, id, ct)));
            if (isKilled && i == killAfter) await sending[0].Confirmed;   // some of it has arrived, then the broker dies
        }

        if (isKilled)
        {
            await broker.KillAsync(ct);
            await broker.RestartAsync(ct);
        }

        foreach (var (id, task) in sending) confirmed[id] = await task;
    }

    static async Task<bool> ConfirmAsync(IChannel channel, string id, CancellationToken ct)
    {
        try
        {
            await channel.BasicPublishAsync("", Queue, mandatory: true, new BasicProperties { Persistent = true },
                Encoding.UTF8.GetBytes(id), ct);
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            return false;   // whatever it was: nobody confirmed it
        }
    }

    /// <summary>Takes what it is given, acknowledges some of it, and is gone.</summary>
    async Task DieWithMessagesAsync(CancellationToken ct)
    {
        await using var connection = await ConnectAsync(ct);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
        await channel.BasicQosAsync(0, 50, global: false, ct);
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var consumer = new AsyncEventingBasicConsumer(channel);
        var taken = 0;
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            Arrived(delivery.Body);
            var count = Interlocked.Increment(ref taken);
            if (count % 2 == 0 && count < 30) await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, ct);
            if (count == 40) enough.TrySetResult();
        };
        await channel.BasicConsumeAsync(Queue, autoAck: false, consumer, ct);
        await enough.Task.WaitAsync(ct);
        await connection.AbortAsync(ct);
    }

    void Arrived(ReadOnlyMemory<byte> body) => arrived.AddOrUpdate(Encoding.UTF8.GetString(body.Span), 1, static (_, times) => times + 1);

    async Task DrainAsync(CancellationToken ct)
    {
        await using var connection = await ConnectAsync(ct);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
        await DeclareAsync(channel, ct);
        for (var i = 0; i < DrainMax; i++)
        {
            if (await channel.BasicGetAsync(Queue, autoAck: false, ct) is not { } got)
            {
                if ((await channel.QueueDeclarePassiveAsync(Queue, ct)).MessageCount == 0) return;
                continue;
            }

            Arrived(got.Body);
            await channel.BasicAckAsync(got.DeliveryTag, multiple: false, ct);
        }
    }

    /// <summary>As production's: replicated, durable, at least once.</summary>
    static Task<QueueDeclareOk> DeclareAsync(IChannel channel, CancellationToken ct) => channel.QueueDeclareAsync(
        Queue, durable: true, exclusive: false, autoDelete: false,
        new Dictionary<string, object?>(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" }, cancellationToken: ct);

    async Task<IConnection> ConnectAsync(CancellationToken ct)
    {
        var factory = new ConnectionFactory { Uri = new Uri(broker.Address), AutomaticRecoveryEnabled = false };
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await factory.CreateConnectionAsync(ct);
            }
            catch (RabbitMQ.Client.Exceptions.BrokerUnreachableException) when (attempt < ConnectMax)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, ct);   // it listens before it takes anybody
            }
        }
    }
}
