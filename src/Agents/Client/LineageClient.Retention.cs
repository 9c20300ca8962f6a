using System.Globalization;
using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Client;

// Retention and reclaim.
public sealed partial class LineageClient
{
    /// <param name="whatIf">A policy to try out; null: the run's own.</param>
    public Task<RetentionPlan> GetRetentionPlanAsync(RunId run, RetentionPolicy? whatIf, CancellationToken ct) =>
        GetAsync<RetentionPlan>($"v1/runs/{run}/retention/plan{(whatIf is null ? "" : $"?{Query(whatIf)}")}", ct);

    public Task<RetentionApplied> ApplyRetentionAsync(RunId run, ApplyRetention body, CancellationToken ct) =>
        PostAsync<RetentionApplied>($"v1/runs/{run}/retention/apply", body, ct);

    public Task<PlanUndone> UndoRetentionPlanAsync(RunId run, UndoPlan body, CancellationToken ct) =>
        PostAsync<PlanUndone>($"v1/runs/{run}/retention/undo", body, ct);

    public Task<CheckpointView> UndoExpiryAsync(CheckpointId id, UndoExpiry body, CancellationToken ct) =>
        PostAsync<CheckpointView>($"{Route(id)}/expiry/undo", body, ct);

    /// <summary>Whether a checkpoint is safe to delete, or what holds it.</summary>
    public Task<Holders> GetHoldersAsync(CheckpointId id, string? asOf, CancellationToken ct) =>
        GetAsync<Holders>(Asked($"{Route(id)}/holders", [("as-of", asOf)]), ct);

    public Task<CheckpointView> RebaseAsync(CheckpointId id, RebaseCheckpoint body, CancellationToken ct) =>
        transport.AskAsync<CheckpointView>(HttpMethod.Put, $"{Route(id)}/base", body, ct);

    public Task<Page<RetainedRun>> ListRetainedRunsAsync(string? after, int limit, CancellationToken ct) =>
        GetAsync<Page<RetainedRun>>(Paged("v1/retention/runs", after, limit), ct);

    public Task<Page<ReclaimWork>> ListPendingReclaimsAsync(string? after, int limit, CancellationToken ct) =>
        GetAsync<Page<ReclaimWork>>(Paged("v1/reclaim/pending", after, limit), ct);

    public Task<ReclaimWork> StartReclaimAsync(CheckpointId id, StartReclaim body, CancellationToken ct) =>
        PostAsync<ReclaimWork>($"{Route(id)}/reclaim", body, ct);

    public Task<CheckpointView> ReportReclaimedAsync(CheckpointId id, ReportReclaimed body, CancellationToken ct) =>
        transport.AskAsync<CheckpointView>(HttpMethod.Put, $"{Route(id)}/reclaim", body, ct);

    static string Query(RetentionPolicy policy)
    {
        var by = policy.BestBy is { } name ? $"&best-by={Uri.EscapeDataString(name)}" : "";
        var order = JsonNamingPolicy.KebabCaseLower.ConvertName(policy.BestOrder.ToString());
        return string.Create(
            CultureInfo.InvariantCulture,
            $"latest={policy.Latest}&best={policy.Best}{by}&best-order={order}"
            + $"&daily={policy.Daily}&weekly={policy.Weekly}&grace={policy.GraceSeconds}&verified-min={policy.VerifiedMin}");
    }
}
