using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.Bus;

/// <summary>
/// Where facts go, whichever transport brought them. The transport behind it can be replaced; nothing outside this folder knows it.
/// </summary>
public interface IFactSink
{
    /// <summary>
    /// Puts facts about one checkpoint on record, in one transaction. Repeats are harmless. Returns what was refused, with the reason.
    /// </summary>
    /// <remarks>
    /// A crash before the transaction commits leaves nothing; the sender still has every fact in its outbox and sends it again.
    /// </remarks>
    /// <exception cref="Store.StoreUnavailableException">The database did not answer; nothing is known about the outcome, so deliver
    /// again.</exception>
    Task<IReadOnlyList<RefusedFact>> RecordAsync(CheckpointId checkpoint, IReadOnlyList<FactMessage> facts, CancellationToken ct);
}

/// <summary>A fact that never will be recorded, and why.</summary>
public sealed record RefusedFact(FactMessage Fact, string Code, string Reason);

/// <summary>Hands facts to the transport: the broker, or the bus inside this process.</summary>
public interface IFactPublisher
{
    Task PublishAsync(IReadOnlyList<FactMessage> facts, CancellationToken ct);
}
