using System.Globalization;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Client;

// Questions to the graph and to the record as a whole.
public sealed partial class LineageClient
{
    /// <param name="asOf">Here and below: a time as the service reads it; null: now.</param>
    public Task<BlastRadius> GetBlastRadiusAsync(CheckpointId id, string? asOf, string? after, int limit, CancellationToken ct) =>
        GetAsync<BlastRadius>(Then(Paged($"{Route(id)}/blast-radius", after, limit), asOf), ct);

    public Task<CheckpointComparison> CompareAsync(CheckpointId a, CheckpointId b, string? asOf, CancellationToken ct) =>
        GetAsync<CheckpointComparison>(Then($"v1/checkpoints/compare?a={a}&b={b}", asOf), ct);

    public Task<Page<Restoration>> ListRestoresAsync(RunId run, string? asOf, string? after, int limit, CancellationToken ct) =>
        GetAsync<Page<Restoration>>(Then(Paged($"v1/runs/{run}/restores", after, limit), asOf), ct);

    public Task<Page<Restoration>> ListRestoresAsync(CheckpointId id, string? asOf, string? after, int limit, CancellationToken ct) =>
        GetAsync<Page<Restoration>>(Then(Paged($"{Route(id)}/restores", after, limit), asOf), ct);

    /// <param name="run">Null: of all runs.</param>
    public Task<Page<IncompleteSave>> ListIncompleteSavesAsync(
        RunId? run, bool abandoned, string? asOf, string? after, int limit, CancellationToken ct) =>
        GetAsync<Page<IncompleteSave>>(Then(
            $"{Paged("v1/saves/incomplete", after, limit)}{(abandoned ? "&abandoned=true" : "")}{(run is { } r ? $"&run={r}" : "")}",
            asOf), ct);

    public Task<DataContinuity> GetContinuityAsync(RunId run, string? asOf, CancellationToken ct) =>
        GetAsync<DataContinuity>(Asked($"v1/runs/{run}/continuity", [("as-of", asOf)]), ct);

    public Task<SanityReport> GetFindingsAsync(RunId run, CancellationToken ct) =>
        GetAsync<SanityReport>($"v1/runs/{run}/findings", ct);

    /// <summary>The canonical bytes of an evidence pack, as they were digested.</summary>
    public Task<byte[]> GetEvidenceAsync(CheckpointId id, string? asOf, CancellationToken ct) =>
        transport.BytesAsync(Asked($"{Route(id)}/evidence", [("as-of", asOf)]), ct);

    /// <param name="run">Null: of all runs.</param>
    public Task<Exposure> GetExposureAsync(int days, RunId? run, string? asOf, string? after, int limit, CancellationToken ct) =>
        GetAsync<Exposure>(Then(string.Create(CultureInfo.InvariantCulture,
            $"{Paged("v1/exposure", after, limit)}&days={days}{(run is { } r ? $"&run={r}" : "")}"), asOf), ct);

    public Task AddSeriesAsync(RunId run, SeriesBatch batch, CancellationToken ct) =>
        transport.TellAsync(HttpMethod.Post, $"v1/runs/{run}/series", batch, ct);

    public Task<Page<SeriesPoint>> GetSeriesAsync(RunId run, string name, string? after, int limit, CancellationToken ct) =>
        GetAsync<Page<SeriesPoint>>(Paged($"v1/runs/{run}/series/{Uri.EscapeDataString(name)}", after, limit), ct);

    /// <param name="threshold">Of the modified z-score; null: the service's.</param>
    public Task<SpikeReport> GetSpikesAsync(RunId run, string metric, double? threshold, CancellationToken ct) =>
        GetAsync<SpikeReport>(string.Create(CultureInfo.InvariantCulture,
            $"v1/runs/{run}/spikes?metric={Uri.EscapeDataString(metric)}{(threshold is { } t ? $"&threshold={t:R}" : "")}"), ct);

    /// <summary>A route that has a query already, asked of the record as it was.</summary>
    static string Then(string route, string? asOf) => asOf is null ? route : $"{route}&as-of={Uri.EscapeDataString(asOf)}";
}
