using System.CommandLine;
using System.Globalization;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Reports;
using Lineage.ChaosHarness.Simulation;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Verbs;

/// <summary>One history on virtual time: <c>replay</c> tells it, <c>shrink</c> makes it small if it fails.</summary>
internal static class ChaosSimVerbs
{
    public static Command Replay(Globals globals)
    {
        var (seed, profile, file) = (Seed(), Profile(), ScheduleFile());
        var to = new Option<string?>("--to")
        {
            Description = "Directory for the report: report.html and the files beside it.",
            HelpName = "DIR",
        };
        var real = new Option<bool>("--real") { Description = "Against real processes, as chaos run FILE does." };
        var command = new Command("replay", "Runs one history again and tells it by time.") { seed, profile, file, to, real };
        return globals.Runs(command, (call, ct) => call.Value(real) ? RealAsync(call, file, seed, profile, to, ct)
            : Task.FromResult(Guarded(() =>
        {
            var history = Simulator.Run(Load(call.Value(file), call.Value(seed), call.Value(profile)));
            var verdict = Judge.Examine(history.Evidence);
            foreach (var line in Timeline.Lines(history.Evidence, verdict)) Console.Out.WriteLine(line);
            if (call.Value(to) is { } directory) WriteReport(directory, history, verdict);
            return !verdict.SafetyHolds ? ChaosExit.Safety : !verdict.LivenessHolds ? ChaosExit.Liveness : ExitCodes.Done;
        })));
    }

    static Task<int> RealAsync(
        Invocation call, Option<string?> file, Option<int> seed, Option<string?> profile, Option<string?> to, CancellationToken ct)
    {
        string[] source = call.Value(file) is { } path ? ["chaos", "replay", "--schedule", path]
            : SimulationReports.ReplayOf(call.Value(seed), call.Value(profile));
        return ChaosFileRun.RunAsync(
            call, Load(call.Value(file), call.Value(seed), call.Value(profile)), call.Value(to), json: false,
            CommandText.Of([.. source, "--real"]), ct);
    }

    static void WriteReport(string directory, SimulatedHistory history, Verdict verdict)
    {
        ReportWriter.Write(directory, SimulationReports.History(history, verdict, Path.Combine(directory, "schedule.json")));
        ChaosFiles.Tell(directory);
    }

    public static Command Shrink(Globals globals)
    {
        var (seed, profile, file) = (Seed(), Profile(), ScheduleFile());
        var target = Text("--to", "File for the small schedule (default shrunk.json).", "FILE", "shrunk.json");
        var command = new Command("shrink", "Makes a failing history as small as it can be, and prints how to run it again.")
        {
            seed, profile, file, target,
        };
        return globals.Runs(command, (call, _) => Task.FromResult(Guarded(() =>
        {
            if (Shrinker.Shrink(Load(call.Value(file), call.Value(seed), call.Value(profile))) is not { } shrunk)
            {
                Console.Out.WriteLine("The history keeps every invariant; there is nothing to shrink.");
                return ExitCodes.Done;
            }

            var path = call.Value(target)!;
            File.WriteAllBytes(path, shrunk.Schedule.ToJson());
            Console.Out.WriteLine($"{shrunk.Violation.Invariant}: {shrunk.Violation.What}");
            Console.Out.WriteLine(
                $"{shrunk.Schedule.Operations.Count} operations, {shrunk.Schedule.Faults.Count} faults after {shrunk.Tried} tries.");
            foreach (var line in Replays(SimulationReports.Replays(shrunk.Schedule, path))) Console.Out.WriteLine(line);
            return shrunk.Violation.Invariant[0] == 'S' ? ChaosExit.Safety : ChaosExit.Liveness;
        })));
    }

    /// <summary>The two ways to see a history again, as lines.</summary>
    public static IEnumerable<string> Replays(string[] commands) => [$"simulated: {commands[0]}", $"real:      {commands[1]}"];

    public static int Guarded(Func<int> work)
    {
        try
        {
            return work();
        }
        catch (SimulationException broken)
        {
            Console.Error.WriteLine($"The simulator broke; nothing was judged: {broken.Message}");
            return ChaosExit.Harness;
        }
    }

    static Schedule Load(string? file, int seed, string? profile) =>
        file is null ? Swarm.Draw(seed, Known(profile)) : Schedule.Parse(File.ReadAllBytes(file));

    public static string? Known(string? profile) => profile is null || Swarm.Profiles.ContainsKey(profile)
        ? profile
        : throw Refused($"There is no profile \"{profile}\"; known are {string.Join(", ", Swarm.Profiles.Keys)}. Nothing was run.");

    public static TimeSpan Time(string text)
    {
        var factor = text is [.., 's'] ? 1 : text is [.., 'm'] ? 60 : 0;
        return factor > 0 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count is > 0 and < 100_000
                ? TimeSpan.FromSeconds(count * factor)
                : throw Refused($"--budget is \"{text}\"; expected a time such as 60s or 5m. Nothing was run.");
    }

    static LineageProblemException Refused(string detail) => new(Problem.Of(ProblemCodes.BadRequest, 400, "Not a simulation", detail));

    public static Option<int> Seed() => Inputs.Count("--seed", "Seed of the first history", 1, 0, int.MaxValue);

    public static Option<string?> Profile() => new("--profile")
    {
        Description = $"One of {string.Join(", ", Swarm.Profiles.Keys)}; without it each seed chooses.",
        HelpName = "NAME",
    };

    static Option<string?> ScheduleFile() =>
        new("--schedule") { Description = "A schedule as JSON, in place of a seed.", HelpName = "FILE" };

    public static Option<string> Text(string name, string description, string help, string standard) =>
        new(name) { Description = description, HelpName = help, DefaultValueFactory = _ => standard };

    public static Option<bool> Json() => new("--json") { Description = "One JSON object as the last line of standard output." };
}
