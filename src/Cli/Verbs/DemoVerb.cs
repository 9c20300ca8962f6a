using System.CommandLine;
using Lineage.ChaosHarness.Scenarios.Demo;
using Lineage.ChaosHarness.Worlds;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary><c>demo</c>: the whole promise in one story; see <see cref="DemoProgram"/>. Exit code 0 only if the verdict is exact.</summary>
internal sealed class DemoVerb
{
    /// <summary>Lies in every directory that a demo made; without it nothing is ever removed.</summary>
    const string Mark = "lineage-demo";

    readonly Globals globals;
    readonly Option<int> ranks = Inputs.Count("-n", "Rank processes", DemoOptions.RanksDefault, 2, 16, "--ranks");
    readonly Option<int> steps = Inputs.Count("--steps", "Training steps of each run", (int)DemoOptions.StepsDefault, 1, 1_000_000);
    readonly Option<int> saveEvery = Inputs.Count("--save-every", "Steps between saves", (int)DemoOptions.SaveEveryDefault, 1, 1_000_000);
    readonly Option<int> seed = Inputs.Count("--seed", "Seed of both runs", (int)DemoOptions.SeedDefault, 0, int.MaxValue);
    readonly Option<string> broker = new("--broker")
    {
        Description = "in-memory (default) or rabbitmq: a private node of an installed RabbitMQ.",
        DefaultValueFactory = static _ => "in-memory",
    };

    readonly Option<bool> json =
        new("--json") { Description = "One JSON object as the last line of standard output; the story goes to standard error." };

    DemoVerb(Globals globals)
    {
        this.globals = globals;
        broker.AcceptOnlyFromAmong("in-memory", "rabbitmq");
    }

    public static Command Create(Globals globals)
    {
        var verb = new DemoVerb(globals);
        var command =
            new Command("demo", "Trains a run, hurts it, recovers it, and proves that it ended exactly where the unhurt run ended.")
        {
            verb.ranks, verb.steps, verb.saveEvery, verb.seed, verb.broker, verb.json,
        };
        return globals.Runs(command, verb.RunAsync);
    }

    async Task<int> RunAsync(Invocation call, CancellationToken ct)
    {
        var asJson = call.Value(json) || call.Outlet.Format is OutputFormat.Json;
        var options = new DemoOptions(
            Environment.ProcessPath ?? throw new InvalidOperationException("This process does not know its own executable."),
            call.IsGiven(globals.State) ? call.StateDirectory : Path.Combine(Path.GetTempPath(), $"lineage-demo-{Environment.UserName}"),
            new WorldSize(call.Value(ranks)), call.Value(steps), call.Value(saveEvery), call.Value(seed),
            string.Equals(call.Value(broker), "rabbitmq", StringComparison.Ordinal), asJson);
        if (options.Objection() is { } objection)
            throw new LineageProblemException(Problem.Of(ProblemCodes.BadRequest, 400, "Not a demo", $"{objection} Nothing was started."));
        Prepare(options.StateDirectory);
        var narrator = asJson
            ? new DemoNarrator(Console.Error, !Console.IsErrorRedirected, call.Clock)
            : new DemoNarrator(Console.Out, !Console.IsOutputRedirected, call.Clock);
        try
        {
            var summary = await new DemoProgram(options, narrator, call.Clock).RunAsync(ct);
            if (asJson) Console.Out.WriteLine(ReportJson.Of(summary));
            return summary.Verdict == DemoVerdict.Exact ? ExitCodes.Done : ExitCodes.InvariantViolated;
        }
        catch (WorldException broken)
        {
            if (asJson) Console.Out.WriteLine(
                ReportJson.Of(new { schema = 1, verdict = "failed", why = broken.Message }));
            throw new LineageProblemException(Problem.Of(
                ProblemCodes.Internal, 500, "The demo broke",
                $"{broken.Message} Everything it started is stopped; logs are in {options.StateDirectory}."), broken);
        }
    }

    /// <summary>An empty directory with the demo's mark; what an earlier demo left is removed, anything else is left alone.</summary>
    static void Prepare(string directory)
    {
        var mark = Path.Combine(directory, Mark);
        if (Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).Any())
        {
            if (!File.Exists(mark))
                throw new LineageProblemException(Problem.Of(
                    ProblemCodes.TargetNotEmpty, 409, "Directory not empty",
                    $"{directory} is not empty and no demo made it. Nothing was removed. Give an empty directory with --state."));
            Directory.Delete(directory, recursive: true);
        }

        Directory.CreateDirectory(directory);
        File.WriteAllText(mark, "Made by lineage demo; the next demo removes this directory.\n");
    }
}
