using Lineage.Agents.Client;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Saving;

/// <summary>What saving and restoring ask of the service.</summary>
/// <remarks>Refusals and an unreachable service are a <see cref="LineageProblemException"/>. Every call may be repeated.</remarks>
public interface ICheckpointPort
{
    Task<SavePlan> OpenAsync(CheckpointId id, OpenCheckpoint body, CancellationToken ct);

    Task<CheckpointView> ReadAsync(CheckpointId id, CancellationToken ct);

    Task<ChainView> ReadChainAsync(CheckpointId id, CancellationToken ct);

    /// <summary>Says that the rank's shard of that save will never be durable. Needs no disk, because a full one may be why.</summary>
    Task FailAsync(CheckpointId id, Rank rank, ReportRankFailure body, CancellationToken ct);
}

/// <param name="client">Not disposed.</param>
public sealed class CheckpointPort(LineageClient client) : ICheckpointPort
{
    public Task<SavePlan> OpenAsync(CheckpointId id, OpenCheckpoint body, CancellationToken ct) => client.OpenCheckpointAsync(id, body, ct);

    public Task<CheckpointView> ReadAsync(CheckpointId id, CancellationToken ct) => client.GetCheckpointAsync(id, ct);

    public Task<ChainView> ReadChainAsync(CheckpointId id, CancellationToken ct) => client.GetChainAsync(id, ct);

    public Task FailAsync(CheckpointId id, Rank rank, ReportRankFailure body, CancellationToken ct) =>
        client.ReportRankFailureAsync(id, rank, body, ct);
}
