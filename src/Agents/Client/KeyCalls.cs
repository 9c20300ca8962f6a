using Lineage.Contracts.Api;

namespace Lineage.Agents.Client;

// Keys, and who the service takes the caller for.
public sealed partial class LineageClient
{
    public Task<IssuedKey> IssueKeyAsync(IssueKey body, CancellationToken ct) => PostAsync<IssuedKey>("v1/keys", body, ct);

    public Task<Page<KeyView>> ListKeysAsync(string? after, int limit, CancellationToken ct) =>
        GetAsync<Page<KeyView>>(Paged("v1/keys", after, limit), ct);

    public Task<KeyView> RevokeKeyAsync(string key, RevokeKey body, CancellationToken ct) =>
        transport.AskAsync<KeyView>(HttpMethod.Delete, $"v1/keys/{Uri.EscapeDataString(key)}", body, ct);

    public Task<CallerView> GetCallerAsync(CancellationToken ct) => GetAsync<CallerView>("v1/caller", ct);
}
