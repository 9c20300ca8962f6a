using System.CommandLine;
using System.Globalization;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary><c>run fork|rewind|archive|policy|retention</c>: what people decide about a run.</summary>
internal static class RunChangeVerbs
{
    public static void AddTo(Command runs, Globals globals)
    {
        foreach (var verb in new[] { Fork(globals), Rewind(globals), Archive(globals), Policy(globals), RetentionVerb.Create(globals) })
            runs.Subcommands.Add(verb);
    }

    static Command Fork(Globals globals)
    {
        var (from, reason) = (Inputs.Reference("FROM"), MarkInputs.Reason());
        var name = new Argument<string>("NEW") { Description = "Name of the new run." };
        var labels = new Option<string[]>("--label") { Description = "NAME=VALUE, over the labels of the other run.", HelpName = "LABEL" };
        var command = new Command("fork", "A new run that goes on from a checkpoint; `launch` of it begins there.")
        {
            from, name, labels, reason,
        };
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var run = Named(call.Value(name));
            var id = await call.CheckpointAsync(client, call.Value(from), ct);
            var own = MarkText.Labels(call.Value(labels) ?? []);
            Write(call, await client.ForkAsync(
                new ForkRun(run, id, Policy: null, own.Count > 0 ? own : null, call.Value(reason)!), ct));
            return ExitCodes.Done;
        });
    }

    static RunId Named(string text) => RunId.TryParse(text, out var run) ? run : throw new LineageProblemException(Problem.Of(
        ProblemCodes.BadRequest, 400, "Not a name for a run",
        $"\"{text}\" cannot name a run: expected 1-{RunId.LengthMax} characters a-z, 0-9, '.', '_' or '-'. Nothing was changed."));

    static Command Rewind(Globals globals)
    {
        var (to, reason) = (Inputs.Reference("TO"), MarkInputs.Reason());
        var command = new Command("rewind", "The run goes on from an older checkpoint; what it saved after it is off the history.")
        {
            to, reason,
        };
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var id = await call.CheckpointAsync(client, call.Value(to), ct);
            Write(call, await client.RewindAsync(id.Run, new RewindRun(id, call.Value(reason)!), ct));
            return ExitCodes.Done;
        });
    }

    static Command Archive(Globals globals)
    {
        var (run, reason) = (Inputs.Run(), MarkInputs.Reason());
        return globals.Runs(new Command("archive", "Nothing more is expected of the run: it takes no writer.") { run, reason },
            async (call, ct) =>
        {
            using var client = call.Client();
            Write(call, await client.ArchiveAsync(call.Value(run), new ArchiveRun(call.Value(reason)!), ct));
            return ExitCodes.Done;
        });
    }

    static Command Policy(Globals globals)
    {
        var (run, reason) = (Inputs.Run(), Optional());
        var full = Inputs.Value("--full-every", "Saves from one full checkpoint to the next.", "N", Int);
        var depth = Inputs.Value("--chain-depth-max", "Deltas that a chain may have.", "N", Int);
        var budget = Inputs.Value("--restore-budget", "What restoring a checkpoint may be expected to read.", "SIZE", Units.ParseBytes);
        var deadline = Inputs.Value("--save-deadline", "Seconds until an unfinished save is abandoned.", "N", Int);
        var lease = Inputs.Value("--lease", "Seconds a lease holds without renewal, from the next one on.", "N", Int);
        var copies = Inputs.Value("--copies", "Durable copies that a shard needs.", "N", Int);
        Option[] changes = [full, depth, budget, deadline, lease, copies];
        var command = new Command("policy", "How a run saves; with options, how it saves from now on.") { run, reason };
        foreach (var change in changes) command.Options.Add(change);
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var view = await client.GetRunAsync(call.Value(run), ct);
            if (changes.Any(call.IsGiven))
            {
                var policy = view.Policy with
                {
                    FullEvery = call.Value(full) ?? view.Policy.FullEvery,
                    ChainDepthMax = call.Value(depth) ?? view.Policy.ChainDepthMax,
                    RestoreBytesMax = call.Value(budget) ?? view.Policy.RestoreBytesMax,
                    SaveDeadlineSeconds = call.Value(deadline) ?? view.Policy.SaveDeadlineSeconds,
                    LeaseSeconds = call.Value(lease) ?? view.Policy.LeaseSeconds,
                    Copies = call.Value(copies) ?? view.Policy.Copies,
                };
                view = await client.ChangePolicyAsync(view.Run, new ChangePolicy(policy, Given(call, reason)), ct);
            }

            Write(call, view);
            return ExitCodes.Done;
        });
    }

    internal static Option<string?> Optional() => new("--reason", "-r")
    {
        Description = "Why; it stays on record. Needed for a change.",
        HelpName = "TEXT",
    };

    internal static string Given(Invocation call, Option<string?> reason) => call.Value(reason)
        ?? throw new LineageProblemException(Problem.Of(
        ProblemCodes.BadRequest, 400, "A reason is missing", "A change needs --reason: why, as it stays on record. Nothing was changed."));

    internal static int Int(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new FormatException($"\"{text}\" is no whole number.");

    internal static void Write(Invocation call, RunView view) =>
        call.Outlet.Write(Answer.One(view, view.Run.ToString(), screen => MarkPage.Of(view, screen)));
}
