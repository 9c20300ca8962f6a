using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Lineage.ChaosHarness.Mutants;
using Lineage.ChaosHarness.Reports;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;

namespace Lineage.Cli.Verbs;

/// <summary><c>chaos mutants</c>: defects that somebody could write are built into a copy of the sources, and the simulator has to find
/// every one.</summary>
internal static class ChaosMutantsVerb
{
    static readonly Option<string[]> Only = new("--only")
    {
        Description = "Mutants by name; without it, all.",
        HelpName = "NAME",
        AllowMultipleArgumentsPerToken = true,
    };

    static readonly Option<string?> Plant = new("--plant")
    {
        Description = "Builds the whole command line with that one mutant in it, prints where it is, and hunts nothing.",
        HelpName = "NAME",
    };

    static readonly Option<string?> To = ChaosFiles.To();

    public static Command Create(Globals globals)
    {
        var seed = Inputs.Count("--seed", "Seed of the first history", 1, 0, int.MaxValue);
        var histories = Inputs.Count("--histories", "Histories run against one mutant at most", 20_000, 1, 10_000_000);
        var json = new Option<bool>("--json") { Description = "One JSON object as the last line of standard output." };
        var command = new Command(
            "mutants", "Builds known defects into a copy of the sources; the simulator must find each by the right invariant.")
        {
            Only, seed, histories, To, Plant, json,
        };
        return globals.Runs(command, async (call, ct) =>
        {
            try
            {
                if (call.Value(Plant) is { } name)
                {
                    Console.Out.WriteLine(await Shop().PlantAsync(name, ct));
                    return ExitCodes.Done;
                }

                string[] only = call.Value(Only) ?? [];
                var report = await RunAsync([Text(call.Value(seed)), Text(call.Value(histories)), .. only], ct);
                if (call.Value(To) is { } to) Write(to, report, call.Value(seed), call.Value(histories), only);
                return Show(report, call.Value(json));
            }
            catch (MutantException broken)
            {
                Console.Error.WriteLine($"Nothing was judged: {broken.Message}");
                return ChaosExit.Harness;
            }
        });
    }

    static int Show(MutantReport report, bool json)
    {
        if (json) Console.Out.WriteLine(ReportJson.Of(report));
        else foreach (var line in Lines(report)) Console.Out.WriteLine(line);
        return report.Holds ? ExitCodes.Done : ChaosExit.Harness;
    }

    static async Task<MutantReport> RunAsync(string[] arguments, CancellationToken ct)
    {
        var shop = Shop();
        Console.Error.WriteLine("building the mutants");
        var program = await shop.BuildAsync(ct);
        Console.Error.WriteLine("hunting");
        var (exitCode, output) = await ProgramRun.Async(program, [shop.TableFile, .. arguments], ct);
        return exitCode == 0
            ? JsonSerializer.Deserialize<MutantReport>(output, CanonicalJson.Options)!
            : throw new MutantException($"The mutated program ended with {Text(exitCode)}: {output}");
    }

    static MutantWorkshop Shop() => new(MutantWorkshop.RootOf(Environment.CurrentDirectory)
        ?? throw new MutantException("Mutants are made from the sources: run this inside a checkout of the repository."));

    static void Write(string directory, MutantReport report, int seed, int histories, string[] only)
    {
        string[] again =
        [
            "chaos", "mutants", "--seed", Text(seed), "--histories", Text(histories), .. only.Length == 0 ? [] : only.Prepend("--only"),
        ];
        MutantReports.Write(directory, report, seed, CommandText.Of(again));
        ChaosFiles.Campaign(directory, report);
        ChaosFiles.Tell(directory);
    }

    static IEnumerable<string> Lines(MutantReport report)
    {
        yield return "mutant                         must be found by  first  histories  operations  faults";
        foreach (var one in report.Matrix)
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{one.Name,-30} {one.Invariant,-17} {one.First ?? "none",-6} {one.Histories,9}  {one.Operations,10}  {one.Faults,6}"
                + $"{(one.IsByIntended ? "" : one.IsKilled ? "  by another invariant only" : "  SURVIVED")}");
        yield return string.Create(CultureInfo.InvariantCulture,
            $"{report.Killed} of {report.Mutants} killed, {report.ByIntended} by the intended invariant; median {report.MedianOps} "
            + $"operations and {report.MedianFaults} faults; the canary {report.Canary}; {report.Seconds:F1} s.");
    }

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
