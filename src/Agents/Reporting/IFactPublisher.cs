using Lineage.Contracts.Messages;

namespace Lineage.Agents.Reporting;

/// <summary>
/// Hands facts to the control plane: by HTTP or through a broker. At least once, in any order; who sends keeps them until they are on
/// record.
/// </summary>
public interface IFactPublisher : IAsyncDisposable
{
    /// <summary>
    /// Returns when the other side has taken the facts over. That is no promise that they were acted on: only reading the checkpoint tells.
    /// </summary>
    /// <exception cref="Contracts.Api.LineageProblemException">
    /// server-unreachable or broker-unreachable; nothing is known of what arrived.
    /// </exception>
    Task PublishAsync(IReadOnlyList<FactMessage> facts, CancellationToken ct);
}
