using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Api;

// POST /v1/runs/{run}/series (SeriesBatch) → 204 · GET /v1/runs/{run}/series/{name}?from=&to=&limit=&after= → Page<SeriesPoint>
// GET /v1/runs/{run}/spikes?metric=loss → SpikeReport

/// <summary>One value of a telemetry series. Telemetry is no event: nothing is decided from it alone, and it may be dropped.</summary>
/// <param name="Value">Null: not a number or infinite.</param>
public sealed record SeriesPoint(Generation Generation, Step Step, string Name, double? Value);

/// <summary>Repeating a batch is harmless: a point is replaced by a later one of the same name, generation and step.</summary>
public sealed record SeriesBatch(IReadOnlyList<SeriesPoint> Points)
{
    /// <summary>More in one post are refused.</summary>
    public const int PointsMax = 10_000;
}

/// <summary>Where a series left what was usual before.</summary>
/// <param name="FirstStep">First step of it: a restore point before the spike lies below.</param>
/// <param name="LastStep">Last step of it.</param>
/// <param name="Returned">Whether the series came back below the threshold; false: it had not yet, or stayed at another level.</param>
/// <param name="Peak">Largest value; null if none was a number.</param>
/// <param name="Score">Largest modified z-score; null for a value that is no number, or above a window without any deviation.</param>
/// <param name="NotFinite">Points that were not a number.</param>
/// <param name="Usual">Median of the window before it.</param>
public sealed record LossSpike(
    Step FirstStep, Step LastStep, int Points, bool Returned, double? Peak, double? Score, int NotFinite, double Usual);

/// <summary>Spikes of one metric of a run, oldest first.</summary>
/// <param name="Source"><c>series</c>, <c>checkpoints</c> (metrics recorded for saves), or <c>none</c>.</param>
/// <param name="Points">Points looked at, on the surviving history.</param>
/// <param name="Why">For people: what was looked at, and by which rule.</param>
public sealed record SpikeReport(RunId Run, string Metric, string Source, long Points, IReadOnlyList<LossSpike> Spikes, string Why);
