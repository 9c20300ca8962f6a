using Lineage.Agents.Client;
using Lineage.Contracts.Messages;

namespace Lineage.Agents.Reporting;

/// <summary>Posts facts to <c>/v1/messages</c>, for deployments without a broker.</summary>
/// <param name="client">Not disposed.</param>
public sealed class HttpFactPublisher(LineageClient client) : IFactPublisher
{
    public async Task PublishAsync(IReadOnlyList<FactMessage> facts, CancellationToken ct)
    {
        foreach (var part in facts.Chunk(FactBatch.MessagesMax)) await client.PostFactsAsync(new FactBatch(part), ct);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
