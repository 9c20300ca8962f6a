using System.CommandLine;
using System.Text.Json;
using Lineage.ChaosHarness.Exchange;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Reports;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Verbs;

/// <summary>What runs left behind: <c>chaos report|diff</c>, and the formats: <c>chaos schema|import|export</c>.</summary>
internal static class ChaosReportVerbs
{
    const long FileMax = 16 << 20;

    /// <summary>Ends with the exit code of the run that is reported.</summary>
    public static Command Report(Globals globals)
    {
        var directory = Path("DIR", "Directory of a chaos run.");
        return globals.Runs(new Command("report", "What a chaos run found.") { directory }, (call, _) =>
        {
            var verdict = Verdict(call.Value(directory)!);
            call.Outlet.Write(Answer.Report(
                verdict, verdict.Invariants, static one => one.Id, screen => ChaosReportPage.Of(verdict, screen)));
            return Task.FromResult(verdict.ExitCode);
        });
    }

    /// <summary>Exit code 1 if anything in B is worse than in A.</summary>
    public static Command Diff(Globals globals)
    {
        var (before, after) = (Path("A", "Directory of the earlier run."), Path("B", "Directory of the later run."));
        return globals.Runs(new Command("diff", "What changed between two chaos runs.") { before, after }, (call, _) =>
        {
            var changes = VerdictChanges.Of(Verdict(call.Value(before)!), Verdict(call.Value(after)!));
            call.Outlet.Write(Answer.Report(
                changes, changes.Invariants, static one => one.Id, screen => ChaosReportPage.Of(changes, screen)));
            return Task.FromResult(changes.IsWorse ? ExitCodes.Failed : ExitCodes.Done);
        });
    }

    public static Command Schema(Globals globals) => globals.Runs(
        new Command("schema", "JSON schema of scenario files."), static (_, _) =>
        {
            Console.Out.Write(ScenarioSchema.Text());
            return Task.FromResult(ExitCodes.Done);
        });

    /// <summary>Our schedule on standard output; what was lost on standard error.</summary>
    public static Command Import(Globals globals)
    {
        var file = Path("FILE", "Experiment of the Chaos Toolkit (JSON).");
        return globals.Runs(new Command("import", "A Chaos Toolkit experiment as a schedule.") { file }, (call, _) =>
        {
            var imported = Understood(() => ChaosToolkit.Import(Text(call.Value(file)!)));
            foreach (var lost in imported.Lost) call.Outlet.Narrate($"not carried over: {lost}");
            Console.Out.WriteLine(System.Text.Encoding.UTF8.GetString(imported.Schedule.ToJson()));
            return Task.FromResult(imported.Lost.Count > 0 ? ExitCodes.Partial : ExitCodes.Done);
        });
    }

    public static Command Export(Globals globals)
    {
        var file = Path("FILE", "Schedule (JSON) or scenario (YAML).");
        return globals.Runs(new Command("export", "A schedule or scenario as a Chaos Toolkit experiment.") { file }, (call, _) =>
        {
            Console.Out.Write(ChaosToolkit.Export(Read(call.Value(file)!)));
            return Task.FromResult(ExitCodes.Done);
        });
    }

    /// <summary>A schedule from a file: YAML by its ending, else canonical JSON.</summary>
    public static Schedule Read(string path) => Understood(() =>
        path.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".yml", StringComparison.OrdinalIgnoreCase)
            ? ScenarioFile.Parse(Text(path))
            : Schedule.Parse(System.Text.Encoding.UTF8.GetBytes(Text(path))));

    static Argument<string> Path(string name, string description) => new(name) { Description = description };

    public static VerdictDocument Verdict(string directory) => Understood(() => VerdictDocument.Read(directory));

    static string Text(string path)
    {
        if (new FileInfo(path) is { Exists: true, Length: > FileMax } large)
            throw new ScenarioException(0, $"{path} has {large.Length:N0} B; at most {FileMax:N0} B are read");
        return File.ReadAllText(path);
    }

    static T Understood<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is ScenarioException or JsonException or IOException or UnauthorizedAccessException)
        {
            throw new LineageProblemException(Problem.Of(ProblemCodes.BadRequest, 400, "The file cannot be used", e.Message), e);
        }
    }
}
