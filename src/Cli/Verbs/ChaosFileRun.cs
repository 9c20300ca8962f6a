using System.Globalization;
using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Reports;
using Lineage.ChaosHarness.Scenarios.Files;
using Lineage.ChaosHarness.Scenarios.Real;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.Cli.Verbs;

/// <summary>A schedule against real processes: <c>chaos run FILE</c> and <c>chaos replay --real</c>.</summary>
internal static class ChaosFileRun
{
    /// <param name="replay">Command that does the same again, for the report.</param>
    public static async Task<int> RunAsync(
        Invocation call, Schedule schedule, string? to, bool json, string replay, CancellationToken ct)
    {
        if (await RefusedAsync(schedule, ct)) return ChaosExit.MissingCapability;
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("This process does not know its own executable.");
        var folder = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"lineage-run-{Environment.ProcessId}"));
        if (!Firewall.IsOwn && FileCheck.Needs(schedule).Contains(Capability.Partition))
            return await ChaosCampaignVerb.InOwnNetworkAsync(program, ct);
        try
        {
            var options = new CampaignOptions(program, folder, schedule.Profile, schedule.Seed, TimeSpan.MaxValue);
            var report = await new FileCampaign(options, schedule, replay, call.Clock, Console.Error.WriteLine).RunAsync(ct);
            if (to is not null) ChaosCampaignVerb.Keep(report, folder, to);
            if (json) Console.Out.WriteLine(ReportJson.Of(report));
            return RealReports.Campaign(report)?.ExitCode ?? ChaosExit.Harness;
        }
        catch (WorldException broken)
        {
            Console.Error.WriteLine(broken.Message);
            return ChaosExit.Harness;
        }
        finally
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Before anything starts, and all reasons at once.</summary>
    static async Task<bool> RefusedAsync(Schedule schedule, CancellationToken ct)
    {
        var refusals = FileCheck.Refusals(schedule);
        foreach (var refusal in refusals) Console.Error.WriteLine($"{refusal} Nothing was started.");
        if (refusals.Count > 0) return true;
        var missing = false;
        foreach (var need in FileCheck.Needs(schedule))
            if (await MachineCapabilities.MissingAsync(need, ct) is { } absent)
            {
                Console.Error.WriteLine($"SKIPPED, nothing was started: {absent.Capability} is missing here: {absent.Detail}");
                missing = true;
            }

        return missing;
    }
}
