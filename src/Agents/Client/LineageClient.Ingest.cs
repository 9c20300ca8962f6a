using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Client;

// Layouts, resharding and dead letters.
public sealed partial class LineageClient
{
    public Task PutLayoutAsync(ContentHash digest, TensorLayout layout, CancellationToken ct) =>
        transport.TellAsync(HttpMethod.Put, $"v1/layouts/{digest}", layout, ct);

    public Task<TensorLayout> GetLayoutAsync(ContentHash digest, CancellationToken ct) =>
        GetAsync<TensorLayout>($"v1/layouts/{digest}", ct);

    /// <param name="rank">Of the other world: its pieces are listed; null for the verdict and the figures alone.</param>
    public Task<ReshardView> PlanReshardAsync(CheckpointId id, WorldSize world, Rank? rank, CancellationToken ct) =>
        GetAsync<ReshardView>($"{Route(id)}/reshard?world={world}{(rank is { } r ? $"&rank={r}" : "")}", ct);

    public Task<CompatiblePoints> GetCompatiblePointsAsync(RunId run, WorldSize world, string? asOf, CancellationToken ct) =>
        GetAsync<CompatiblePoints>(Asked(
            $"v1/runs/{run}/restore-points/compatible", [("world", world.ToString()), ("as-of", asOf)]), ct);

    public Task<Page<DeadLetterView>> ListDeadLettersAsync(string? after, int limit, CancellationToken ct) =>
        GetAsync<Page<DeadLetterView>>(Paged("v1/dead-letters", after, limit), ct);

    public Task<DeadLetterView> GetDeadLetterAsync(string id, CancellationToken ct) =>
        GetAsync<DeadLetterView>($"v1/dead-letters/{Uri.EscapeDataString(id)}", ct);

    public Task<DeadLetterReplay> ReplayDeadLetterAsync(string id, CancellationToken ct) =>
        transport.AskAsync<DeadLetterReplay>(HttpMethod.Post, $"v1/dead-letters/{Uri.EscapeDataString(id)}/replay", body: null, ct);

    public Task DiscardDeadLetterAsync(string id, CancellationToken ct) =>
        transport.TellAsync(HttpMethod.Delete, $"v1/dead-letters/{Uri.EscapeDataString(id)}", body: null, ct);
}
