using Lineage.Checkpoints;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Decisions;

namespace Lineage.Bus;

/// <summary>
/// Where facts go, whichever transport brought them: a post or the broker. The transport in front of it can be replaced.
/// </summary>
public interface IFactSink
{
    /// <summary>
    /// Puts facts about one checkpoint on record; returns when the transaction that holds them is committed. Repeats are harmless. Returns
    /// what was refused, with the reason; that is among the dead letters by then.
    /// </summary>
    /// <remarks>
    /// A crash before the transaction commits leaves nothing; the sender still has every fact in its outbox and sends it again.
    /// </remarks>
    /// <exception cref="Store.StoreUnavailableException">The database did not answer; nothing is known about the outcome, so deliver
    /// again.</exception>
    /// <exception cref="Store.ConcurrentChangeException">Other writers were faster every time; deliver again.</exception>
    Task<IReadOnlyList<RefusedFact>> RecordAsync(Delivery delivery, CancellationToken ct);
}

/// <summary>Facts about one checkpoint as one transport handed them over.</summary>
/// <param name="SentAt">When the sender let go of them; what their lag is counted from.</param>
public sealed record Delivery(CheckpointId Checkpoint, IReadOnlyList<FactMessage> Facts, Carrier Carrier, DateTimeOffset SentAt);

/// <summary>What carried facts to the service.</summary>
public enum Carrier { Http, Broker }

/// <summary>A fact that never will be recorded as things stand, and why.</summary>
public sealed record RefusedFact(FactMessage Fact, string Code, string Reason)
{
    /// <summary>Which of the facts that were decided on are to be set aside: each refused one, since it would be refused again.</summary>
    public static IReadOnlyList<RefusedFact> Of(IEnumerable<MessageOutcome> outcomes) => [.. outcomes
        .Where(static outcome => outcome.Decision is Decision.Refused)
        .Select(static outcome => Of(outcome.Message, (Decision.Refused)outcome.Decision))];

    static RefusedFact Of(FactMessage message, Decision.Refused refused) => new(message, refused.Code, refused.Detail);
}
