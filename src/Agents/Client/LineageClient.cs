using System.Globalization;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.Agents.Client;

/// <summary>The service's HTTP API, typed (routes: the comments of <c>Contracts/Api</c>). Thread safe; one per process is enough.</summary>
/// <remarks>Every method throws <see cref="LineageProblemException"/> for a refusal and, after its retries, for a service that is
/// away.</remarks>
/// <param name="handler">Replaces the network in tests; not disposed.</param>
public sealed partial class LineageClient(ClientOptions options, TimeProvider clock, HttpMessageHandler? handler = null) : IDisposable
{
    readonly ServiceTransport transport = new(options, clock, handler);

    public ActorId Actor => options.Actor;

    public Uri Server => options.Server;

    /// <summary>Whether a problem may go away by itself, so that waiting and asking again makes sense.</summary>
    public static bool IsTransient(Problem problem) => ServiceTransport.IsTransient(problem);

    // Runs and leases

    public Task<RunView> RegisterRunAsync(RegisterRun body, CancellationToken ct) => PostAsync<RunView>("v1/runs", body, ct);

    public Task<Page<RunView>> ListRunsAsync(string? after, int limit, CancellationToken ct) =>
        GetAsync<Page<RunView>>(Paged("v1/runs", after, limit), ct);

    public Task<RunView> GetRunAsync(RunId run, CancellationToken ct) => GetAsync<RunView>($"v1/runs/{run}", ct);

    public Task<LeaseView> TakeLeaseAsync(RunId run, TakeLease body, CancellationToken ct) =>
        PostAsync<LeaseView>($"v1/runs/{run}/leases", body, ct);

    public Task<LeaseView> RenewLeaseAsync(RunId run, Generation generation, RenewLease body, CancellationToken ct) =>
        transport.AskAsync<LeaseView>(HttpMethod.Put, $"v1/runs/{run}/leases/{generation}", body, ct);

    public Task ReleaseLeaseAsync(RunId run, Generation generation, ReleaseLease body, CancellationToken ct) =>
        transport.TellAsync(HttpMethod.Delete, $"v1/runs/{run}/leases/{generation}", body, ct);

    public Task JoinRankAsync(RunId run, Generation generation, Rank rank, JoinRank body, CancellationToken ct) =>
        transport.TellAsync(HttpMethod.Put, $"v1/runs/{run}/generations/{generation}/ranks/{rank}", body, ct);

    public Task CompleteRunAsync(RunId run, CompleteRun body, CancellationToken ct) =>
        transport.TellAsync(HttpMethod.Post, $"v1/runs/{run}/complete", body, ct);

    public Task<Page<LogEntry>> LogAsync(RunId run, string? after, int limit, CancellationToken ct) =>
        GetAsync<Page<LogEntry>>(Paged($"v1/runs/{run}/log", after, limit), ct);

    public Task<ServiceView> GetServiceAsync(CancellationToken ct) => GetAsync<ServiceView>("v1/service", ct);

    // Checkpoints

    public Task<SavePlan> OpenCheckpointAsync(CheckpointId id, OpenCheckpoint body, CancellationToken ct) =>
        transport.AskAsync<SavePlan>(HttpMethod.Put, Route(id), body, ct);

    public Task<CheckpointView> GetCheckpointAsync(CheckpointId id, CancellationToken ct) => GetAsync<CheckpointView>(Route(id), ct);

    public Task<Page<CheckpointView>> ListCheckpointsAsync(RunId run, string? after, int limit, CancellationToken ct) =>
        GetAsync<Page<CheckpointView>>(Paged($"v1/runs/{run}/checkpoints", after, limit), ct);

    public Task AbandonCheckpointAsync(CheckpointId id, AbandonCheckpoint body, CancellationToken ct) =>
        transport.TellAsync(HttpMethod.Post, $"{Route(id)}/abandon", body, ct);

    /// <summary>Says that this rank's shard of the save will never be durable.</summary>
    public Task ReportRankFailureAsync(CheckpointId id, Rank rank, ReportRankFailure body, CancellationToken ct) =>
        transport.TellAsync(HttpMethod.Post, $"{Route(id)}/ranks/{rank}/failure", body, ct);

    /// <summary>The canonical bytes of a sealed checkpoint's manifest, as they were digested.</summary>
    public Task<byte[]> GetManifestAsync(CheckpointId id, CancellationToken ct) => transport.BytesAsync($"{Route(id)}/manifest", ct);

    public Task<ChainView> GetChainAsync(CheckpointId id, CancellationToken ct) => GetAsync<ChainView>($"{Route(id)}/chain", ct);

    public Task PostFactsAsync(FactBatch batch, CancellationToken ct) => transport.TellAsync(HttpMethod.Post, "v1/messages", batch, ct);

    public Task<Page<CheckpointView>> ListPendingVerificationsAsync(string? after, int limit, CancellationToken ct) =>
        GetAsync<Page<CheckpointView>>(Paged("v1/verifications/pending", after, limit), ct);

    // References, restore points, recoveries

    public Task<ResolvedReference> ResolveAsync(string reference, CancellationToken ct) =>
        GetAsync<ResolvedReference>($"v1/resolve?ref={Uri.EscapeDataString(reference)}", ct);

    public Task<RestorePoints> GetRestorePointsAsync(RunId run, WorldSize? world, Step? atOrBefore, CancellationToken ct)
    {
        var query = string.Join('&', new[]
        {
            world is { } w ? $"world={w}" : null,
            atOrBefore is { } step ? $"at-or-before={step}" : null,
        }.Where(static part => part is not null));
        return GetAsync<RestorePoints>($"v1/runs/{run}/restore-points{(query.Length > 0 ? "?" : "")}{query}", ct);
    }

    /// <param name="world">Ranks to restore on; null: as many as saved it.</param>
    public Task<RestorePlan> GetRestorePlanAsync(string reference, WorldSize? world, CancellationToken ct) =>
        GetAsync<RestorePlan>(Asked("v1/restore-plans", [("ref", reference), ("world", world?.ToString())]), ct);

    public Task<RecoveryView> StartRecoveryAsync(RunId run, StartRecovery body, CancellationToken ct) =>
        PostAsync<RecoveryView>($"v1/runs/{run}/recoveries", body, ct);

    public Task<RecoveryView> GetRecoveryAsync(RecoveryId id, CancellationToken ct) => GetAsync<RecoveryView>($"v1/recoveries/{id}", ct);

    public Task<RecoveryView> ChooseAgainAsync(RecoveryId id, ChooseAgain body, CancellationToken ct) =>
        PostAsync<RecoveryView>($"v1/recoveries/{id}/choices", body, ct);

    public Task<RecoveryView> ReportRankRestoredAsync(RecoveryId id, Rank rank, ReportRankRestored body, CancellationToken ct) =>
        transport.AskAsync<RecoveryView>(HttpMethod.Put, $"v1/recoveries/{id}/ranks/{rank}", body, ct);

    static string Route(CheckpointId id) => $"v1/checkpoints/{id}";

    static string Paged(string route, string? after, int limit) => string.Create(
        CultureInfo.InvariantCulture, $"{route}?limit={limit}{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}");

    Task<T> GetAsync<T>(string route, CancellationToken ct) => transport.AskAsync<T>(HttpMethod.Get, route, body: null, ct);

    Task<T> PostAsync<T>(string route, object body, CancellationToken ct) => transport.AskAsync<T>(HttpMethod.Post, route, body, ct);

    public void Dispose() => transport.Dispose();
}
