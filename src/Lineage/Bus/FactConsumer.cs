using Lineage.Contracts.Messages;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace Lineage.Bus;

/// <summary>
/// Takes a batch of messages about one checkpoint to the sink. What is refused goes to the dead letters with its reason, at once: it would
/// be refused again. A database that does not answer is an exception, so the whole batch is tried again.
/// </summary>
internal sealed partial class FactConsumer<T>(IFactSink sink, ILogger<FactConsumer<T>> log) : IConsumer<Batch<T>> where T : FactMessage
{
    public async Task Consume(ConsumeContext<Batch<T>> context)
    {
        foreach (var group in context.Message.GroupBy(static m => m.Message.Checkpoint))
        {
            var refused = await sink.RecordAsync(group.Key, [.. group.Select(static m => (FactMessage)m.Message)],
                context.CancellationToken);
            if (refused.Count == 0) continue;
            var dead = await context.GetSendEndpoint(new Uri($"exchange:{BusTopology.DeadLetters}"));
            foreach (var (fact, code, reason) in refused)
            {
                LogRefused(log, fact.Id.ToString(), fact.Checkpoint.ToString(), fact.Rank.Value, code, reason);
                await dead.Send((T)fact, send =>
                {
                    send.MessageId = fact.Id.Value;
                    send.Headers.Set(BusTopology.ReasonCodeHeader, code);
                    send.Headers.Set(BusTopology.ReasonHeader, reason);
                }, context.CancellationToken);
            }
        }
    }

    [LoggerMessage(2001, LogLevel.Warning, "Message {MessageId} about {Checkpoint} rank {Rank} was refused ({Code}) and is a dead " +
        "letter: {Reason}")]
    static partial void LogRefused(ILogger log, string messageId, string checkpoint, int rank, string code, string reason);
}
