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
    public static Task<int> RunAsync(
        Invocation call, Schedule schedule, string? to, bool json, string replay, CancellationToken ct) =>
        RunAsync(call, [ScenarioToPlay.Of(schedule, replay)], TimeSpan.MaxValue, to, json, ct);

    public static async Task<int> RunAsync(
        Invocation call, IReadOnlyList<ScenarioToPlay> files, TimeSpan budget, string? to, bool json, CancellationToken ct)
    {
        if (await RefusedAsync(files, ct)) return ChaosExit.MissingCapability;
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("This process does not know its own executable.");
        var folder = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"lineage-run-{Environment.ProcessId}"));
        if (!Firewall.IsOwn && files.Any(static one => FileCheck.Needs(one.Schedule).Contains(Capability.Partition))
            && await MachineCapabilities.MissingAsync(Capability.Partition, ct) is null)
            return await ChaosCampaignVerb.InOwnNetworkAsync(program, ct);
        try
        {
            var profile = files is [var only] ? only.Schedule.Profile : "files";
            var options = new CampaignOptions(program, folder, profile, files[0].Schedule.Seed, budget);
            var report = await new FileCampaign(options, files, call.Clock, Console.Error.WriteLine).RunAsync(ct);
            if (to is not null) ChaosCampaignVerb.Keep(report, folder, to);
            if (json) Console.Out.WriteLine(ReportJson.Of(report));
            return RealReports.Campaign(report)?.ExitCode ?? ChaosExit.MissingCapability;
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

    /// <summary>Before anything starts, and all reasons at once. What the machine lacks for one of several files makes that one
    /// skipped.</summary>
    static async Task<bool> RefusedAsync(IReadOnlyList<ScenarioToPlay> files, CancellationToken ct)
    {
        var refusals = files.SelectMany(static one => FileCheck.Refusals(one.Schedule).Select(why => (one.Name, why))).ToList();
        foreach (var (name, refusal) in refusals)
            Console.Error.WriteLine($"{(files.Count > 1 ? $"{name}: " : "")}{refusal} Nothing was started.");
        if (refusals.Count > 0 || files is not [var only]) return refusals.Count > 0;
        var missing = false;
        foreach (var need in FileCheck.Needs(only.Schedule))
            if (await MachineCapabilities.MissingAsync(need, ct) is { } absent)
            {
                Console.Error.WriteLine($"SKIPPED, nothing was started: {absent.Capability} is missing here: {absent.Detail}");
                missing = true;
            }

        return missing;
    }
}
