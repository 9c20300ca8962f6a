using System.Globalization;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <summary>The lines that tell how a campaign of real processes goes.</summary>
static class CampaignLines
{
    public static string Of(GoldenRun golden, double seconds) => string.Create(
        CultureInfo.InvariantCulture, $"golden run: {golden.Outcome.Digest.Short}…, {seconds:F1} s");

    public static string Of(ScenarioOutcome outcome) => string.Create(
        CultureInfo.InvariantCulture,
        $"{outcome.Verdict.ToString().ToUpperInvariant(),-8} {outcome.Name} {outcome.Seconds:F1} s  {outcome.Why}");
}
