using Lineage.Contracts.Messages;
using Lineage.Store;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace Lineage.Bus;

/// <summary>
/// Takes messages of the broker to the sink, which gathers them. A message is acknowledged after its fact is on record, or among the dead
/// letters because it was refused. While the database is away messages stay unacknowledged here, as many as are prefetched, and the rest
/// stays in the queue: an outage of any length makes no dead letter.
/// </summary>
internal sealed partial class FactConsumer<T>(IFactSink sink, TimeProvider clock, ILogger<FactConsumer<T>> log) : IConsumer<T>
    where T : FactMessage
{
    static readonly TimeSpan DelayMin = TimeSpan.FromMilliseconds(100), DelayMax = TimeSpan.FromSeconds(5);

    public async Task Consume(ConsumeContext<T> context)
    {
        var fact = context.Message;
        var sent = context.SentTime is { } at ? new DateTimeOffset(DateTime.SpecifyKind(at, DateTimeKind.Utc)) : clock.GetUtcNow();
        var delivery = new Delivery(fact.Checkpoint, [fact], Carrier.Broker, sent);
        for (var delay = DelayMin; ; delay = delay * 2 < DelayMax ? delay * 2 : DelayMax)
        {
            try
            {
                await sink.RecordAsync(delivery, context.CancellationToken);
                return;
            }
            catch (Exception e) when (e is StoreUnavailableException or ConcurrentChangeException)
            {
                LogWaiting(log, fact.Id.ToString(), delay, e.Message);
                await Task.Delay(delay, clock, context.CancellationToken);
            }
        }
    }

    [LoggerMessage(2002, LogLevel.Debug, "Message {MessageId} waits {Delay} for the database: {Reason}")]
    static partial void LogWaiting(ILogger log, string messageId, TimeSpan delay, string reason);
}
