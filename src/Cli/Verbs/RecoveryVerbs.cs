using System.CommandLine;
using System.Globalization;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary><c>restore-point list|choose</c> and <c>recovery list|show</c>: what can be restored, and what was.</summary>
internal static class RecoveryVerbs
{
    public static Command RestorePoints(Globals globals)
    {
        return new Command("restore-point", "What a run can be restored from.")
        {
            List(globals), Choose(globals), QuestionVerbs.Latest(globals), QuestionVerbs.Best(globals), QuestionVerbs.Cheapest(globals),
            QuestionVerbs.Ancestry(globals), ReshardVerbs.Compatible(globals),
        };
    }

    static Command List(Globals globals)
    {
        var (run, world, step) = (Inputs.Run(), World(), AtOrBefore());
        var explain = new Option<bool>("--explain") { Description = "Say of every other candidate why it was rejected." };
        return globals.Runs(new Command("list", "Restore points, newest first.") { run, world, step, explain }, async (call, ct) =>
        {
            using var client = call.Client();
            var points = await client.GetRestorePointsAsync(call.Value(run), call.Value(world), call.Value(step), ct);
            var explained = call.Value(explain);
            call.Outlet.Write(call.Outlet.Format is OutputFormat.Json or OutputFormat.Table
                ? Answer.One(points, points.Best?.Checkpoint.ToString() ?? "", screen => RestorePointPage.List(points, explained, screen))
                : Answer.Many(points.Usable, static point => point.Checkpoint.ToString(), static _ => []));
            return points.Usable.Count > 0 ? ExitCodes.Done : ExitCodes.NoRestorePoint;
        });
    }

    static Command Choose(Globals globals)
    {
        var (run, world, step) = (Inputs.Run(), World(), AtOrBefore());
        var command = new Command("choose", "The point that a recovery would take now, and why no newer one.") { run, world, step };
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var points = await client.GetRestorePointsAsync(call.Value(run), call.Value(world), call.Value(step), ct);
            call.Outlet.Write(Answer.One(points, points.Best?.Checkpoint.ToString() ?? "", screen =>
                RestorePointPage.Choose(points, screen)));
            return points.Best is null ? ExitCodes.NoRestorePoint : ExitCodes.Done;
        });
    }

    public static Command Recoveries(Globals globals)
    {
        var run = Inputs.Run();
        var list = globals.Runs(new Command("list", "Recoveries of a run, oldest first.") { run }, async (call, ct) =>
        {
            using var client = call.Client();
            var recoveries = await Invocation.RecoveriesAsync(client, await client.GetRunAsync(call.Value(run), ct), ct);
            call.Outlet.Write(Answer.Many(recoveries, static view => view.Recovery.ToString(), screen =>
                RecoveryPage.List(recoveries, screen)));
            return ExitCodes.Done;
        });
        var id = new Argument<string>("RECOVERY") { Description = "run/generation, for example demo/2." };
        var show = globals.Runs(new Command("show", "The story of one recovery.") { id }, async (call, ct) =>
        {
            using var client = call.Client();
            var view = await client.GetRecoveryAsync(Identified(call.Value(id)), ct);
            call.Outlet.Write(Answer.One(view, view.Recovery.ToString(), screen => RecoveryPage.Draw(view, screen)));
            return ExitCodes.Done;
        });
        return new Command("recovery", "Recoveries of a run.") { list, show };
    }

    static RecoveryId Identified(string text)
    {
        try
        {
            return RecoveryId.Parse(text);
        }
        catch (FormatException e)
        {
            throw new LineageProblemException(Problem.Of(ProblemCodes.BadReference, 400, "Wrong reference", e.Message), e);
        }
    }

    static Option<WorldSize?> World() => World("Only points for this number of ranks.");

    public static Option<WorldSize?> World(string description) => Inputs.Value("--world", description, "N",
        static text => WorldSize.From(Number(text)));

    static Option<Step?> AtOrBefore() => Inputs.Value("--at-or-before", "Only points at this step or before.", "STEP",
        static text => Step.From(Number(text)));

    internal static long Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new FormatException($"\"{text}\" is no whole number.");
}
