using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Lineage.ChaosHarness.Worlds;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Lineage.Tests.Chaos.Calibration;

/// <summary>Rounds of: publish, let a consumer die with what it took, publish and kill the broker before all is confirmed; then
/// drain.</summary>
/// <param name="folder">Of the broker, where it keeps its queues.</param>
sealed class RealBrokerRun(PrivateRabbitMq broker, string folder, int seed)
{
    const string Queue = "calibration", Last = "last";
    const int MessagesOfRound = 120, ConnectMax = 600;

    /// <summary>A queue that has just come back takes its time.</summary>
    static readonly TimeSpan AnswerMax = TimeSpan.FromMinutes(1);

    readonly Random random = new(seed);
    readonly ConcurrentDictionary<string, int> arrived = new(StringComparer.Ordinal);
    readonly Dictionary<string, bool> confirmed = new(StringComparer.Ordinal);
    int published;

    /// <summary>What arrived and was never sent.</summary>
    public IEnumerable<string> Unknown => arrived.Keys.Where(id => !confirmed.ContainsKey(id));

    public async Task<IReadOnlyList<Sending>> PlayAsync(int rounds, CancellationToken ct)
    {
        await KnownAsync(ct);
        for (var round = 0; round < rounds; round++)
        {
            await PublishAsync(isKilled: false, ct);
            await DieWithMessagesAsync(ct);
            await PublishAsync(isKilled: true, ct);
        }

        await DrainAsync(ct);
        return [.. confirmed.Select(one => new Sending(one.Key, one.Value, arrived.GetValueOrDefault(one.Key)))];
    }

    /// <summary>
    /// A quorum queue whose name the broker has not yet written down is lost with all it confirmed when the broker is killed (RabbitMQ
    /// 3.10 comes back with an empty one that never finds a leader). That is outside of what the model promises for a queue, so the queue
    /// is left alone until its name is on disk.
    /// </summary>
    async Task KnownAsync(CancellationToken ct)
    {
        await using var connection = await ConnectAsync(ct);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
        await DeclareAsync(channel, ct);
        for (var attempt = 0; attempt < ConnectMax; attempt++)
        {
            foreach (var names in Directory.EnumerateFiles(folder, "names.dets", SearchOption.AllDirectories))
                if (Encoding.Latin1.GetString(await File.ReadAllBytesAsync(names, ct)).Contains($"_{Queue}", StringComparison.Ordinal))
                    return;
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, ct);
        }

        throw new WorldException($"RabbitMQ has not written down the name of queue {Queue}.");
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

    /// <summary>One more message is sent behind all others; when it arrives, nothing is left before it.</summary>
    async Task DrainAsync(CancellationToken ct)
    {
        await using var connection = await ConnectAsync(ct);
        await using var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), ct);
        await DeclareAsync(channel, ct);
        Assert.True(await ConfirmAsync(channel, Last, ct), "the broker that nobody hurts any more takes nothing");
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            var isLast = string.Equals(Encoding.UTF8.GetString(delivery.Body.Span), Last, StringComparison.Ordinal);
            if (!isLast) Arrived(delivery.Body);
            await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, ct);
            if (isLast) end.TrySetResult();
        };
        await channel.BasicConsumeAsync(Queue, autoAck: false, consumer, ct);
        await end.Task.WaitAsync(ct);
    }

    /// <summary>As production's: replicated, durable, at least once.</summary>
    static Task<QueueDeclareOk> DeclareAsync(IChannel channel, CancellationToken ct) => channel.QueueDeclareAsync(
        Queue, durable: true, exclusive: false, autoDelete: false,
        new Dictionary<string, object?>(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" }, cancellationToken: ct);

    async Task<IConnection> ConnectAsync(CancellationToken ct)
    {
        var factory = new ConnectionFactory
        {
            Uri = new Uri(broker.Address),
            AutomaticRecoveryEnabled = false,
            ContinuationTimeout = AnswerMax,
        };
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
