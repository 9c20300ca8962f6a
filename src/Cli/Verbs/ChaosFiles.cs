using Lineage.ChaosHarness.Reports;

namespace Lineage.Cli.Verbs;

/// <summary>The directory that a chaos command leaves with <c>--to</c>.</summary>
internal static class ChaosFiles
{
    /// <summary>The same object that <c>--json</c> prints.</summary>
    const string CampaignName = "campaign.json";

    public static System.CommandLine.Option<string?> To() => new("--to")
    {
        Description = "Directory for the report: report.html, verdict.json, junit.xml and what else there is.",
        HelpName = "DIR",
    };

    public static void Write<T>(string directory, ReportModel model, T report)
    {
        ReportWriter.Write(directory, model);
        Campaign(directory, report);
        Tell(directory);
    }

    public static void Campaign<T>(string directory, T report) =>
        File.WriteAllText(Path.Combine(directory, CampaignName), ReportJson.Of(report) + "\n");

    public static void Tell(string directory) => Console.Error.WriteLine($"report: {Path.Combine(directory, "report.html")}");
}
