using System.Text.Json;
using Lineage.ChaosHarness.Checkers;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Reports;

/// <summary>The file <c>verdict.json</c>: what programs read of a run.</summary>
/// <param name="Outcome">In words, what <paramref name="ExitCode"/> says.</param>
/// <param name="Schedule">Digest of the schedule that is shown; null where there is none.</param>
public sealed record VerdictDocument(
    string Format, string Title, string Level, string Outcome, int ExitCode, string Profile, long Seed, ContentHash? Schedule,
    IReadOnlyList<InvariantVerdict> Invariants, IReadOnlyList<SkippedCapability> Skipped, IReadOnlyList<EnvironmentFact> Environment,
    ThroughputFigures? Throughput, IReadOnlyList<MutantRow>? Mutants, string? HarnessFault, IReadOnlyList<string> Replay,
    IReadOnlyList<ScenarioRow>? Scenarios = null, IReadOnlyList<CrashPointRow>? CrashPoints = null, RunFigures? Figures = null,
    IReadOnlyList<string>? Untried = null)
{
    public const string FormatName = "lineage.chaos-verdict.v1", FileName = "verdict.json";

    const long SizeMax = 16 << 20;

    public static VerdictDocument Of(ReportModel model) => new(
        FormatName, model.Title, model.Level, ChaosExit.Word(model.ExitCode), model.ExitCode, model.Profile, model.Seed,
        model.Evidence?.Schedule.Digest(), model.Verdict.Invariants, model.Skipped, model.Environment,
        model.Throughput, model.Mutants, model.HarnessFault, model.Replay, model.Scenarios, model.CrashPoints,
        model.Figures, model.Untried);

    /// <exception cref="FileNotFoundException">The directory holds no verdict: no run ended there.</exception>
    /// <exception cref="JsonException">The file is no verdict of this format.</exception>
    public static VerdictDocument Read(string directory)
    {
        var path = Path.Combine(directory, FileName);
        var size = new FileInfo(path) is { Exists: true } file
            ? file.Length
            : throw new FileNotFoundException($"{path} is not there: no chaos run ended in {directory}.", path);
        if (size > SizeMax) throw new JsonException($"{path} has {size:N0} B; a verdict has at most {SizeMax:N0} B.");
        var document = JsonSerializer.Deserialize<VerdictDocument>(File.ReadAllBytes(path), CanonicalJson.Options);
        return document is { Format: FormatName }
            ? document
            : throw new JsonException($"{path} has format \"{document?.Format}\"; expected {FormatName}.");
    }
}
