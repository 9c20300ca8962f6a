using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Store;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace Lineage.Bus;

/// <summary>
/// Takes messages of the broker to the sink, which gathers them. A message is acknowledged after its facts are on record, or among the dead
/// letters because they were refused. While the database is away messages stay unacknowledged here, as many as are prefetched, and the rest
/// stays in the queue: an outage of any length makes no dead letter.
/// </summary>
internal sealed class FactConsumer<T>(BrokerIntake intake) : IConsumer<T> where T : FactMessage
{
    public Task Consume(ConsumeContext<T> context) => intake.TakeAsync([context.Message], context);
}

/// <summary>The same for several facts in one message; each is decided, and refused, by itself.</summary>
internal sealed class FactBatchConsumer(BrokerIntake intake) : IConsumer<FactBatch>
{
    public Task Consume(ConsumeContext<FactBatch> context) => intake.TakeAsync(context.Message.Messages, context);
}

/// <summary>Records what a message of the broker carries, for as long as that takes.</summary>
internal sealed partial class BrokerIntake(IFactSink sink, TimeProvider clock, ILogger<BrokerIntake> log)
{
    static readonly TimeSpan DelayMin = TimeSpan.FromMilliseconds(100), DelayMax = TimeSpan.FromSeconds(5);

    public Task TakeAsync(IReadOnlyList<FactMessage> facts, ConsumeContext context)
    {
        var sent = context.SentTime is { } at ? new DateTimeOffset(DateTime.SpecifyKind(at, DateTimeKind.Utc)) : clock.GetUtcNow();
        return facts is [var only]
            ? RecordAsync(new Delivery(only.Checkpoint, facts, Carrier.Broker, sent), context.CancellationToken)
            : Task.WhenAll(facts.GroupBy(static fact => fact.Checkpoint).Select(group =>
                RecordAsync(new Delivery(group.Key, [.. group], Carrier.Broker, sent), context.CancellationToken)));
    }

    async Task RecordAsync(Delivery delivery, CancellationToken ct)
    {
        for (var delay = DelayMin; ; delay = delay * 2 < DelayMax ? delay * 2 : DelayMax)
        {
            try
            {
                await sink.RecordAsync(delivery, ct);
                return;
            }
            catch (Exception e) when (e is StoreUnavailableException or ConcurrentChangeException)
            {
                LogWaiting(log, delivery.Facts.Count, delivery.Checkpoint, delay, e.Message);
                await Task.Delay(delay, clock, ct);
            }
        }
    }

    [LoggerMessage(2002, LogLevel.Debug, "{Count} facts about {Checkpoint} wait {Delay} for the database: {Reason}")]
    static partial void LogWaiting(ILogger log, int count, CheckpointId checkpoint, TimeSpan delay, string reason);
}
