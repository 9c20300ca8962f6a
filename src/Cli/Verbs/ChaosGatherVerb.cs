using System.CommandLine;
using System.Globalization;
using Lineage.ChaosHarness.Reports;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Verbs;

/// <summary><c>chaos gather</c>: the reports of several commands under one verdict, as <c>./dev chaos --nightly</c> leaves them.</summary>
internal static class ChaosGatherVerb
{
    public static Command Create(Globals globals)
    {
        var directory = new Argument<string>("DIR") { Description = "Directory with a folder for each part." };
        var parts = new Option<string[]>("--part")
        {
            Description = "A command that ran: its folder, exit code and seconds.",
            HelpName = "NAME=CODE:SECONDS",
            Required = true,
        };
        var seed = Inputs.Count("--seed", "Seed of the parts", 0, 0, int.MaxValue);
        var again = new Option<string>("--again")
        {
            Description = "Command that does all of it again, for the report.",
            DefaultValueFactory = static _ => "",
        };
        var command = new Command("gather", "Brings several chaos runs under one verdict and the worst exit code.")
        {
            directory, parts, seed, again,
        };
        return globals.Runs(command, (call, _) =>
        {
            var folder = call.Value(directory)!;
            var read = (call.Value(parts) ?? []).Select(text => Part(folder, text)).ToList();
            var model = Gathering.Model(
                read, string.Create(CultureInfo.InvariantCulture, $"chaos in {read.Count} parts"), call.Value(seed), call.Value(again)!);
            ReportWriter.Write(folder, model);
            foreach (var line in ChaosReportPage.Parts(VerdictDocument.Of(model), call.Outlet.Screen)) Console.Out.WriteLine(line);
            ChaosFiles.Tell(folder);
            return Task.FromResult(model.ExitCode);
        });
    }

    static GatheredPart Part(string folder, string text)
    {
        if (text.Split('=') is [{ Length: > 0 } name, var ending] && ending.Split(':') is [var code, var seconds]
            && int.TryParse(code, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exit)
            && double.TryParse(seconds, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var took))
        {
            var path = Path.Combine(folder, name);
            return new GatheredPart(
                name, exit, took, File.Exists(Path.Combine(path, VerdictDocument.FileName)) ? ChaosReportVerbs.Verdict(path) : null);
        }

        throw new LineageProblemException(Problem.Of(
            ProblemCodes.BadRequest, 400, "No part",
            $"--part is \"{text}\"; expected NAME=CODE:SECONDS, for example sim=0:61. Nothing was read."));
    }
}
