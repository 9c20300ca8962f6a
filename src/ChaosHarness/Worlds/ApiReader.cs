using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Worlds;

/// <summary>The harness's own, read-only eyes on a service: shares nothing with the client that agents use.</summary>
public sealed class ApiReader(Uri service) : IDisposable
{
    static readonly JsonSerializerOptions Json = ContractJson.Create();

    readonly HttpClient http = new() { BaseAddress = service, Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>The answer, or null where the service knows no such thing.</summary>
    /// <exception cref="HttpRequestException">The service is away or refused; the message carries its problem.</exception>
    public async Task<T?> GetAsync<T>(string path, CancellationToken cancellation)
        where T : class
    {
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), cancellation);
        if (answer.StatusCode == HttpStatusCode.NotFound) return null;
        if (!answer.IsSuccessStatusCode)
            throw new HttpRequestException($"GET {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancellation)}");
        return await answer.Content.ReadFromJsonAsync<T>(Json, cancellation);
    }

    /// <summary>Every event of a run so far, in the service's order.</summary>
    public Task<IReadOnlyList<LogEntry>> LogAsync(RunId run, CancellationToken cancellation) =>
        AllAsync<LogEntry>($"v1/runs/{run}/log?limit=500", cancellation);

    /// <summary>Every checkpoint of a run, newest first.</summary>
    public Task<IReadOnlyList<CheckpointView>> CheckpointsAsync(RunId run, CancellationToken cancellation) =>
        AllAsync<CheckpointView>($"v1/runs/{run}/checkpoints?limit=100", cancellation);

    /// <summary>What a recovery could choose now; null where there is no such run.</summary>
    public Task<RestorePoints?> RestorePointsAsync(RunId run, CancellationToken cancellation) =>
        GetAsync<RestorePoints>($"v1/runs/{run}/restore-points", cancellation);

    public Task<IReadOnlyList<DeadLetterView>> DeadLettersAsync(CancellationToken cancellation) =>
        AllAsync<DeadLetterView>("v1/dead-letters?limit=100", cancellation);

    async Task<IReadOnlyList<T>> AllAsync<T>(string path, CancellationToken cancellation)
    {
        const int pagesMax = 1_000;
        var items = new List<T>();
        string? after = null;
        for (var pages = 0; pages < pagesMax; pages++)
        {
            var page = await GetAsync<Page<T>>(after is null ? path : $"{path}&after={Uri.EscapeDataString(after)}", cancellation);
            if (page is null) return items;
            items.AddRange(page.Items);
            if (page.Next is null || page.Items.Count == 0) return items;
            after = page.Next;
        }

        throw new WorldException($"{path} did not end after {pagesMax:N0} pages.");
    }

    public void Dispose() => http.Dispose();
}
