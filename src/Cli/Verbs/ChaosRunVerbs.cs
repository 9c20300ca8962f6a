using System.CommandLine;
using System.Globalization;
using Lineage.ChaosHarness.Reports;
using Lineage.ChaosHarness.PowerLoss;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Verbs;

/// <summary>What <c>lineage chaos</c> does to real processes and real disks: <c>capabilities</c>, <c>power-loss</c>, <c>run</c>.</summary>
internal static class ChaosRunVerbs
{
    public static Command Capabilities(Globals globals)
    {
        var json = Json();
        return globals.Runs(
            new Command("capabilities", "What this machine lets the harness do, and what it would skip, with the reason.") { json },
            async (call, ct) =>
        {
            var found = await MachineCapabilities.ProbeAsync(ct);
            if (call.Value(json)) Console.Out.WriteLine(ReportJson.Of(found));
            else foreach (var line in MachineCapabilities.Lines(found)) Console.Out.WriteLine(line);
            return ExitCodes.Done;
        });
    }

    public static Command PowerLoss(Globals globals)
    {
        var cycles = Inputs.Count("--cycles", "Cuts of the power", 2_000, 1, 10_000_000);
        var seed = Inputs.Count("--seed", "Settles contents, moments and modes", 20260417, 0, int.MaxValue);
        var (to, json) = (ChaosFiles.To(), Json());
        var command = new Command("power-loss", "Cuts the power of a real file system while the store writes, and judges what comes back.")
        {
            cycles, seed, to, json,
        };
        return globals.Runs(command, async (call, ct) =>
        {
            if (await MachineCapabilities.MissingAsync(Capability.PowerLoss, ct) is { } missing) return Refuse(missing);
            var report = await PowerLossRig.RunAsync(call.Value(cycles), call.Value(seed), call.Clock, ct);
            if (call.Value(to) is { } directory)
                ChaosFiles.Write(directory, PowerLossReports.Model(report, CommandText.Of(
                    "chaos", "power-loss", "--cycles", Text(report.Cycles), "--seed", Text(report.Seed))), report);
            if (call.Value(json)) Console.Out.WriteLine(ReportJson.Of(report));
            else foreach (var line in Lines(report)) Console.Out.WriteLine(line);
            return report.Violations > 0 ? ChaosExit.Safety : report.IsVacuous ? ChaosExit.Vacuous : ExitCodes.Done;
        });
    }

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    static Option<bool> Json() => new("--json") { Description = "One JSON object as the last line of standard output." };

    static int Refuse(CapabilityFound missing)
    {
        Console.Error.WriteLine($"SKIPPED, nothing was judged: {missing.Capability} is missing here: {missing.Detail}");
        return ChaosExit.MissingCapability;
    }

    static IEnumerable<string> Lines(PowerLossReport report)
    {
        yield return string.Create(CultureInfo.InvariantCulture,
            $"{report.Cycles:N0} power cuts of {report.FileSystem} in {report.Disk}, {report.PerMinute:N0} a minute; " +
            $"an empty cycle takes {report.FloorMs:F1} ms here");
        yield return string.Create(CultureInfo.InvariantCulture,
            $"{report.Acknowledged:N0} saves were promised, {report.Kept:N0} came back whole, " +
            $"{report.Reread:N0} re-readings of earlier promises");
        foreach (var (step, count) in report.CutsByStep) yield return $"  cut at {step}: {count}";
        foreach (var (name, naive) in report.NaiveFailures)
            yield return $"  {name}: {naive.Failures} of {naive.Cycles} broken " +
                $"({naive.LostAcknowledged} promised saves lost, {naive.WrongBytes} with wrong bytes)";
        foreach (var finding in report.Findings) yield return $"  VIOLATED: {finding}";
        yield return report.Violations > 0 ? $"VIOLATED {report.Violations} times" : report.IsVacuous
            ? "VACUOUS: a naive protocol survived, so the rig sees nothing" : "VALID: 0 violations";
    }
}
