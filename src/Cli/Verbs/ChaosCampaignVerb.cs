using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Lineage.ChaosHarness.Reports;
using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Scenarios.Files;
using Lineage.ChaosHarness.Scenarios.Real;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Verbs;

/// <summary>
/// <c>chaos run</c>: scenarios of real processes. Where the kernel allows, the whole harness runs once more inside a network namespace of
/// its own, so that partitions hurt nobody else; the namespace is gone when the last process in it is.
/// </summary>
internal sealed class ChaosCampaignVerb
{
    readonly Option<string> profile = new("--profile")
    {
        Description = "ci (default): the fixed selection of a few minutes; nightly: everything.",
        DefaultValueFactory = static _ => RealCampaign.Ci,
    };

    readonly Option<string[]> only = new("--only")
    {
        Description = "Names of scenarios; the others are left out.",
        AllowMultipleArgumentsPerToken = true,
    };

    readonly Option<int> seed = Inputs.Count("--seed", "Seed of every run", 20260417, 0, int.MaxValue);
    readonly Option<int> budget = Inputs.Count("--budget", "Seconds after which no scenario begins", 900, 1, 86_400);
    readonly Option<string?> to = ChaosFiles.To();
    readonly Option<bool> json = new("--json") { Description = "One JSON object as the last line of standard output." };

    readonly Argument<string[]> files = new("FILE")
    {
        Description = "Scenarios (YAML) or schedules (JSON) to play, or folders of scenarios, in place of a profile.",
        Arity = ArgumentArity.ZeroOrMore,
        DefaultValueFactory = static _ => [],
    };

    public static Command Create(Globals globals)
    {
        var verb = new ChaosCampaignVerb();
        verb.profile.AcceptOnlyFromAmong(RealCampaign.Ci, RealCampaign.NightlyName);
        var command = new Command("run", "Hurts real processes, heals them, and judges against a run that was not hurt.")
        {
            verb.files, verb.profile, verb.only, verb.seed, verb.budget, verb.to, verb.json,
        };
        return globals.Runs(command, verb.RunAsync);
    }

    async Task<int> RunAsync(Invocation call, CancellationToken ct)
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("This process does not know its own executable.");
        if (call.Value(files) is { Length: > 0 } paths)
        {
            var limit = call.IsGiven(budget) ? TimeSpan.FromSeconds(call.Value(budget)) : TimeSpan.MaxValue;
            return await ChaosFileRun.RunAsync(
                call, [.. paths.SelectMany(FilesOf).Select(path => Read(call, path))], limit, call.Value(to), call.Value(json), ct);
        }

        if (!Firewall.IsOwn && await MachineCapabilities.MissingAsync(Capability.Partition, ct) is null)
            return await InOwnNetworkAsync(program, ct);
        var folder = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"lineage-run-{Environment.ProcessId}"));
        try
        {
            var options = new CampaignOptions(
                program, folder, call.Value(profile)!, call.Value(seed), TimeSpan.FromSeconds(call.Value(budget)));
            var report = await new RealCampaign(options, call.Clock, Console.Error.WriteLine).RunAsync(Chosen(call, program), ct);
            if (call.Value(to) is { } directory) Keep(report, folder, directory);
            if (call.Value(json)) Console.Out.WriteLine(ReportJson.Of(report));
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

    static IEnumerable<string> FilesOf(string path) =>
        Directory.Exists(path) ? Directory.EnumerateFiles(path, "*.yaml").Order(StringComparer.Ordinal) : [path];

    ScenarioToPlay Read(Invocation call, string path)
    {
        var schedule = ChaosReportVerbs.Read(path);
        if (call.IsGiven(seed)) schedule = schedule with { Seed = call.Value(seed) };
        return ScenarioToPlay.Of(
            schedule, CommandText.Of("chaos", "run", path, "--seed", schedule.Seed.ToString(CultureInfo.InvariantCulture)));
    }

    IReadOnlyList<RealScenario> Chosen(Invocation call, string program)
    {
        var all = call.Value(profile) == RealCampaign.Ci ? RealCatalog.Ci(program) : RealCatalog.Nightly(program);
        if (call.Value(only) is not { Length: > 0 } names) return all;
        var unknown = names.Except(all.Select(static one => one.Name), StringComparer.Ordinal).ToArray();
        return unknown.Length == 0 ? [.. all.Where(one => names.Contains(one.Name, StringComparer.Ordinal))]
            : throw new LineageProblemException(Problem.Of(
                ProblemCodes.BadRequest, 400, "No such scenario",
                $"{string.Join(", ", unknown)} is not in the profile. Nothing was started. " +
                $"There are: {string.Join(", ", all.Select(static one => one.Name))}."));
    }

    /// <summary>The reports, and what the processes printed.</summary>
    public static void Keep(CampaignReport report, string folder, string directory)
    {
        RealReports.Write(directory, report);
        Directory.CreateDirectory(directory);
        ChaosFiles.Campaign(directory, report);
        var logs = Directory.CreateDirectory(Path.Combine(directory, "logs")).FullName;
        var printed = Path.Combine(folder, "logs");
        foreach (var log in Directory.EnumerateFiles(printed, "*.log", SearchOption.AllDirectories))
            File.Copy(log, Path.Combine(logs, Path.GetRelativePath(printed, log).Replace('/', '-')), overwrite: true);
        ChaosFiles.Tell(directory);
    }

    /// <summary>The same command once more, in a network namespace of its own.</summary>
    public static async Task<int> InOwnNetworkAsync(string program, CancellationToken ct)
    {
        var start = new ProcessStartInfo("unshare") { UseShellExecute = false };
        string[] fixedPart = ["--net", "sh", "-c", "ip link set lo up && exec \"$0\" \"$@\"", program];
        foreach (var argument in fixedPart.Concat(Environment.GetCommandLineArgs().Skip(1))) start.ArgumentList.Add(argument);
        start.Environment[Firewall.OwnNetwork] = "own";
        using var inside = Process.Start(start) ?? throw new WorldException("unshare did not start.");
        await using var stop = ct.Register(() => ChildProcess.Send(inside.Id, Signal.Terminate));
        await inside.WaitForExitAsync(CancellationToken.None);
        return inside.ExitCode;
    }
}
