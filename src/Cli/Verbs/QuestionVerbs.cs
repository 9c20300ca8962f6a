using System.CommandLine;
using System.Globalization;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary><c>restore-point latest|best|cheapest|ancestry</c>: the points that answer a question, and why
/// nothing before them does.</summary>
internal static class QuestionVerbs
{
    const int LimitMax = 200;

    public static Command Latest(Globals globals)
    {
        var (run, world, limit, asOf) = (Inputs.Run(), World(), Limit(1), AsOf());
        var step = new Option<string?>("--at-or-before") { Description = "Only points at this step or before.", HelpName = "STEP" };
        var spike = new Option<string?>("--before-spike")
        {
            Description = "Only points before a loss spike of these steps, or before the newest one that is found.",
            HelpName = "FROM..TO|auto",
        };
        var metric = new Option<string?>("--metric") { Description = "Where auto looks (default loss).", HelpName = "NAME" };
        var command = new Command("latest", "The newest point, at or before a step or before a loss spike.")
        {
            run, step, spike, metric, world, limit, asOf,
        };
        return Asks(globals, command, run, "latest", call =>
        [
            ("at-or-before", call.Value(step)), ("before-spike", call.Value(spike)), ("metric", call.Value(metric)),
            ("world", call.Value(world)),
            ("limit", Text(call.Value(limit))), ("as-of", call.Value(asOf)),
        ]);
    }

    public static Command Best(Globals globals)
    {
        var (run, world, limit, asOf) = (Inputs.Run(), World(), Limit(1), AsOf());
        var metric = new Option<string>("--metric") { Description = "Name of a recorded metric.", HelpName = "NAME", Required = true };
        var order = new Option<string?>("--order") { Description = "Which end is good (default lowest).", HelpName = "lowest|highest" };
        order.AcceptOnlyFromAmong("lowest", "highest");
        var command = new Command("best", "The best point by a metric; of equal ones the newest.")
        {
            run, metric, order, world, limit, asOf,
        };
        return Asks(globals, command, run, "best", call =>
        [
            ("metric", call.Value(metric)), ("order", call.Value(order)), ("world", call.Value(world)), ("limit", Text(call.Value(limit))),
            ("as-of", call.Value(asOf)),
        ]);
    }

    public static Command Cheapest(Globals globals)
    {
        var (run, world, limit, asOf) = (Inputs.Run(), World(), Limit(5), AsOf());
        return Asks(
            globals, new Command("cheapest", "The points that read the fewest bytes, with time and risk.") { run, world, limit, asOf }, run,
            "cheapest", call => [("world", call.Value(world)), ("limit", Text(call.Value(limit))), ("as-of", call.Value(asOf))]);
    }

    public static Command Ancestry(Globals globals)
    {
        var (run, world, limit, asOf) = (Inputs.Run(), World(), Limit(5), AsOf());
        return Asks(
            globals, new Command("ancestry", "The last points that the run descends from, across forks.") { run, world, limit, asOf }, run,
            "ancestry", call => [("world", call.Value(world)), ("limit", Text(call.Value(limit))), ("as-of", call.Value(asOf))]);
    }

    static Command Asks(
        Globals globals, Command command, Argument<RunId> run, string question,
        Func<Invocation, IReadOnlyList<(string Name, string? Value)>> query) => globals.Runs(command, async (call, ct) =>
    {
        using var client = call.Client();
        var answer = await client.AskPointsAsync(call.Value(run), question, query(call), ct);
        call.Outlet.Write(Answer.Report(
            answer, answer.Found, static point => point.Checkpoint.ToString(), screen => PointPage.Draw(answer, screen)));
        return answer.Best is null ? ExitCodes.NoRestorePoint : ExitCodes.Done;
    });

    public static Option<string?> AsOf() => new("--as-of")
    {
        Description = "Answer with what could be known at this time.",
        HelpName = "TIME",
    };

    static Option<string?> World() => new("--world") { Description = "Only points for this number of ranks.", HelpName = "N" };

    static Option<int> Limit(int standard) => Inputs.Count("--limit", "At most so many", standard, 1, LimitMax);

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
