using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Client;

/// <summary>What people decide about runs and say of checkpoints. The service takes who says it from <see cref="Actor"/>.</summary>
public sealed partial class LineageClient
{
    /// <summary>As <see cref="ListRunsAsync"/>, with those that are archived.</summary>
    public Task<Page<RunView>> ListAllRunsAsync(string? after, int limit, CancellationToken ct) =>
        GetAsync<Page<RunView>>(Paged("v1/runs", after, limit) + "&archived=true", ct);

    public Task<RunView> PlaceTagAsync(RunId run, string tag, PlaceTag body, CancellationToken ct) =>
        transport.AskAsync<RunView>(HttpMethod.Put, $"v1/runs/{run}/tags/{Uri.EscapeDataString(tag)}", body, ct);

    public Task<RunView> RemoveTagAsync(RunId run, string tag, CancellationToken ct) =>
        transport.AskAsync<RunView>(HttpMethod.Delete, $"v1/runs/{run}/tags/{Uri.EscapeDataString(tag)}", body: null, ct);

    public Task<RunView> ChangePolicyAsync(RunId run, ChangePolicy body, CancellationToken ct) =>
        transport.AskAsync<RunView>(HttpMethod.Put, $"v1/runs/{run}/policy", body, ct);

    public Task<RunView> ChangeRetentionAsync(RunId run, ChangeRetention body, CancellationToken ct) =>
        transport.AskAsync<RunView>(HttpMethod.Put, $"v1/runs/{run}/retention", body, ct);

    public Task<RunView> RewindAsync(RunId run, RewindRun body, CancellationToken ct) =>
        PostAsync<RunView>($"v1/runs/{run}/rewinds", body, ct);

    /// <summary>The new run.</summary>
    public Task<RunView> ForkAsync(ForkRun body, CancellationToken ct) => PostAsync<RunView>($"v1/runs/{body.From.Run}/forks", body, ct);

    public Task<RunView> ArchiveAsync(RunId run, ArchiveRun body, CancellationToken ct) =>
        PostAsync<RunView>($"v1/runs/{run}/archive", body, ct);

    public Task<CheckpointView> PinAsync(CheckpointId id, PinCheckpoint body, CancellationToken ct) =>
        transport.AskAsync<CheckpointView>(HttpMethod.Put, $"{Route(id)}/pin", body, ct);

    public Task<CheckpointView> UnpinAsync(CheckpointId id, UnpinCheckpoint body, CancellationToken ct) =>
        transport.AskAsync<CheckpointView>(HttpMethod.Delete, $"{Route(id)}/pin", body, ct);

    public Task<CheckpointView> PlaceHoldAsync(CheckpointId id, string hold, PlaceHold body, CancellationToken ct) =>
        transport.AskAsync<CheckpointView>(HttpMethod.Put, $"{Route(id)}/holds/{Uri.EscapeDataString(hold)}", body, ct);

    public Task<CheckpointView> LiftHoldAsync(CheckpointId id, string hold, LiftHold body, CancellationToken ct) =>
        transport.AskAsync<CheckpointView>(HttpMethod.Delete, $"{Route(id)}/holds/{Uri.EscapeDataString(hold)}", body, ct);

    /// <summary>JSON has no numbers that are not finite: they are sent as null, which is how they are recorded.</summary>
    public Task<CheckpointView> RecordMetricsAsync(CheckpointId id, RecordMetrics body, CancellationToken ct)
    {
        var finite = body.Metrics.ToDictionary(
            static m => m.Key, static m => m.Value is { } value && double.IsFinite(value) ? m.Value : null, StringComparer.Ordinal);
        return PostAsync<CheckpointView>($"{Route(id)}/metrics", new RecordMetrics(finite), ct);
    }

    public Task<CheckpointView> RecordExportAsync(CheckpointId id, RecordExport body, CancellationToken ct) =>
        PostAsync<CheckpointView>($"{Route(id)}/exports", body, ct);
}
