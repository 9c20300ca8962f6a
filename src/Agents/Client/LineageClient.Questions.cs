using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Client;

// Questions about restore points and descent

public sealed partial class LineageClient
{
    /// <param name="question">latest, best, cheapest or ancestry.</param>
    /// <param name="query">Parameters of the question; null values are left out.</param>
    public Task<PointAnswer> AskPointsAsync(
        RunId run, string question, IEnumerable<(string Name, string? Value)> query, CancellationToken ct) =>
        GetAsync<PointAnswer>(Asked($"v1/runs/{run}/restore-points/{question}", query), ct);

    /// <param name="asOf">A time as the service reads it; null: now.</param>
    public Task<AncestorsView> GetAncestorsAsync(CheckpointId of, int limit, string? asOf, CancellationToken ct) =>
        GetAsync<AncestorsView>(Asked($"{Route(of)}/ancestors",
            [("limit", limit.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("as-of", asOf)]), ct);

    public Task<CommonAncestorView> GetCommonAncestorAsync(CheckpointId a, CheckpointId b, string? asOf, CancellationToken ct) =>
        GetAsync<CommonAncestorView>(Asked("v1/common-ancestor", [("a", a.ToString()), ("b", b.ToString()), ("as-of", asOf)]), ct);

    public Task<BranchesView> GetBranchesAsync(RunId run, string? asOf, CancellationToken ct) =>
        GetAsync<BranchesView>(Asked($"v1/runs/{run}/branches", [("as-of", asOf)]), ct);

    static string Asked(string route, IEnumerable<(string Name, string? Value)> query)
    {
        var text = string.Join('&', query.Where(static q => q.Value is not null)
            .Select(static q => $"{q.Name}={Uri.EscapeDataString(q.Value!)}"));
        return text.Length > 0 ? $"{route}?{text}" : route;
    }
}
