using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Reports;
using Lineage.ChaosHarness.Simulation;
using Lineage.Contracts.Api;
using Checked = Lineage.ChaosHarness.Checkers.Evidence;

namespace Lineage.Cli.Verbs;

/// <summary>Histories on virtual time: <c>sim</c> runs many, <c>replay</c> tells one, <c>shrink</c> makes a failing one small.</summary>
internal static class ChaosSimVerbs
{
    public static Command Sim(Globals globals)
    {
        var seed = Seed();
        var profile = Profile();
        var histories = Inputs.Count("--histories", "Histories; 0: as many as the budget allows", 0, 0, 100_000_000);
        var budget = Text("--budget", "Time, as in 60s or 5m (default 60s).", "TIME", "60s");
        var json = Json();
        var command = new Command("sim", "Runs the production deciders in a simulated world, history after history, on one core.")
        {
            seed, profile, histories, budget, json,
        };
        return globals.Runs(command, (call, ct) => Task.FromResult(Guarded(() =>
        {
            var count = call.Value(histories);
            var report = Campaign.Run(
                new CampaignPlan(
                    call.Value(seed), Known(call.Value(profile)), count == 0 ? null : count, count == 0 ? Time(call.Value(budget)!) : null),
                call.Clock, ct);
            if (call.Value(json)) Console.Out.WriteLine(ReportJson.Of(report));
            else foreach (var line in Lines(report)) Console.Out.WriteLine(line);
            return report.IsViolated('S') ? ChaosExit.Safety : report.IsViolated('L') ? ChaosExit.Liveness
                : report.Never.Count > 0 ? ChaosExit.Vacuous : ExitCodes.Done;
        })));
    }

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
            if (call.Value(to) is { } directory) WriteReport(directory, history.Evidence, verdict);
            return !verdict.SafetyHolds ? ChaosExit.Safety : !verdict.LivenessHolds ? ChaosExit.Liveness : ExitCodes.Done;
        })));
    }

    static Task<int> RealAsync(
        Invocation call, Option<string?> file, Option<int> seed, Option<string?> profile, Option<string?> to, CancellationToken ct)
    {
        var source = call.Value(file) is { } path ? $"--schedule {path}" : string.Create(
            CultureInfo.InvariantCulture, $"--seed {call.Value(seed)}{(call.Value(profile) is { } name ? $" --profile {name}" : "")}");
        return ChaosFileRun.RunAsync(
            call, Load(call.Value(file), call.Value(seed), call.Value(profile)), call.Value(to), json: false,
            $"lineage chaos replay {source} --real", ct);
    }

    static void WriteReport(string directory, Checked evidence, Verdict verdict)
    {
        ReportWriter.Write(directory, new ReportModel(
            $"simulated history of seed {evidence.Schedule.Seed.ToString(CultureInfo.InvariantCulture)}", "simulated", evidence, verdict,
            [new EnvironmentFact("runtime", RuntimeInformation.FrameworkDescription)], [],
            [$"lineage chaos replay --schedule {Path.Combine(directory, "schedule.json")}"]));
        Console.Error.WriteLine($"report: {Path.Combine(directory, "report.html")}");
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
            Console.Out.WriteLine($"simulated: lineage chaos replay --schedule {path}");
            Console.Out.WriteLine($"real:      lineage chaos replay --schedule {path} --real");
            return shrunk.Violation.Invariant[0] == 'S' ? ChaosExit.Safety : ChaosExit.Liveness;
        })));
    }

    static int Guarded(Func<int> work)
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

    static IEnumerable<string> Lines(CampaignReport report)
    {
        yield return string.Create(CultureInfo.InvariantCulture,
            $"{report.Histories:N0} histories in {report.Seconds:F1} s: {report.PerMinutePerCore:N0} a minute on one core, "
            + $"{report.EventsMean:N0} events each.");
        foreach (var (id, count) in report.Invariants)
            yield return string.Create(CultureInfo.InvariantCulture, $"{id,-4} {count.Judgement,-9} {count.Triggered:N0}");
        foreach (var one in report.Found) yield return $"VIOLATED {one.Invariant} seed {one.Seed} ({one.Profile}): {one.What}";
        yield return $"{report.Violations} violations; trace hash {report.TraceHash} over the first {report.HashedHistories} histories.";
    }

    static Schedule Load(string? file, int seed, string? profile) =>
        file is null ? Swarm.Draw(seed, Known(profile)) : Schedule.Parse(File.ReadAllBytes(file));

    static string? Known(string? profile) => profile is null || Swarm.Profiles.ContainsKey(profile)
        ? profile
        : throw Refused($"There is no profile \"{profile}\"; known are {string.Join(", ", Swarm.Profiles.Keys)}. Nothing was run.");

    static TimeSpan Time(string text)
    {
        var factor = text is [.., 's'] ? 1 : text is [.., 'm'] ? 60 : 0;
        return factor > 0 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count is > 0 and < 100_000
                ? TimeSpan.FromSeconds(count * factor)
                : throw Refused($"--budget is \"{text}\"; expected a time such as 60s or 5m. Nothing was run.");
    }

    static LineageProblemException Refused(string detail) => new(Problem.Of(ProblemCodes.BadRequest, 400, "Not a simulation", detail));

    static Option<int> Seed() => Inputs.Count("--seed", "Seed of the first history", 1, 0, int.MaxValue);

    static Option<string?> Profile() => new("--profile")
    {
        Description = $"One of {string.Join(", ", Swarm.Profiles.Keys)}; without it each seed chooses.",
        HelpName = "NAME",
    };

    static Option<string?> ScheduleFile() =>
        new("--schedule") { Description = "A schedule as JSON, in place of a seed.", HelpName = "FILE" };

    static Option<string> Text(string name, string description, string help, string standard) =>
        new(name) { Description = description, HelpName = help, DefaultValueFactory = _ => standard };

    static Option<bool> Json() => new("--json") { Description = "One JSON object as the last line of standard output." };
}
