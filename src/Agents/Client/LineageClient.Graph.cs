using System.Globalization;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Client;

// Questions to the graph and to the record as a whole.
public sealed partial class LineageClient
{
    public Task<BlastRadius> GetBlastRadiusAsync(CheckpointId id, string? after, int limit, CancellationToken ct) =>
        GetAsync<BlastRadius>(Paged($"{Route(id)}/blast-radius", after, limit), ct);

    public Task<CheckpointComparison> CompareAsync(CheckpointId a, CheckpointId b, CancellationToken ct) =>
        GetAsync<CheckpointComparison>($"v1/checkpoints/compare?a={a}&b={b}", ct);

    public Task<Page<Restoration>> ListRestoresAsync(RunId run, string? after, int limit, CancellationToken ct) =>
        GetAsync<Page<Restoration>>(Paged($"v1/runs/{run}/restores", after, limit), ct);

    public Task<Page<Restoration>> ListRestoresAsync(CheckpointId id, string? after, int limit, CancellationToken ct) =>
        GetAsync<Page<Restoration>>(Paged($"{Route(id)}/restores", after, limit), ct);

    /// <param name="run">Null: of all runs.</param>
    public Task<Page<IncompleteSave>> ListIncompleteSavesAsync(
        RunId? run, bool abandoned, string? after, int limit, CancellationToken ct) =>
        GetAsync<Page<IncompleteSave>>(
            $"{Paged("v1/saves/incomplete", after, limit)}{(abandoned ? "&abandoned=true" : "")}{(run is { } r ? $"&run={r}" : "")}", ct);

    public Task<DataContinuity> GetContinuityAsync(RunId run, CancellationToken ct) =>
        GetAsync<DataContinuity>($"v1/runs/{run}/continuity", ct);

    public Task<SanityReport> GetFindingsAsync(RunId run, CancellationToken ct) =>
        GetAsync<SanityReport>($"v1/runs/{run}/findings", ct);

    /// <summary>The canonical bytes of an evidence pack, as they were digested.</summary>
    public Task<byte[]> GetEvidenceAsync(CheckpointId id, CancellationToken ct) => transport.BytesAsync($"{Route(id)}/evidence", ct);

    /// <param name="run">Null: of all runs.</param>
    public Task<Exposure> GetExposureAsync(int days, RunId? run, string? after, int limit, CancellationToken ct) =>
        GetAsync<Exposure>(string.Create(CultureInfo.InvariantCulture,
            $"{Paged("v1/exposure", after, limit)}&days={days}{(run is { } r ? $"&run={r}" : "")}"), ct);

    public Task AddSeriesAsync(RunId run, SeriesBatch batch, CancellationToken ct) =>
        transport.TellAsync(HttpMethod.Post, $"v1/runs/{run}/series", batch, ct);

    public Task<Page<SeriesPoint>> GetSeriesAsync(RunId run, string name, string? after, int limit, CancellationToken ct) =>
        GetAsync<Page<SeriesPoint>>(Paged($"v1/runs/{run}/series/{Uri.EscapeDataString(name)}", after, limit), ct);

    /// <param name="threshold">Of the modified z-score; null: the service's.</param>
    public Task<SpikeReport> GetSpikesAsync(RunId run, string metric, double? threshold, CancellationToken ct) =>
        GetAsync<SpikeReport>(string.Create(CultureInfo.InvariantCulture,
            $"v1/runs/{run}/spikes?metric={Uri.EscapeDataString(metric)}{(threshold is { } t ? $"&threshold={t:R}" : "")}"), ct);
}
