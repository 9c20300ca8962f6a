using System.CommandLine;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Verbs;

/// <summary><c>checkpoint ancestors|common-ancestor|branches</c>: who descends from whom.</summary>
internal static class DescentVerbs
{
    const int AncestorsMax = 1_000;

    public static Command Ancestors(Globals globals)
    {
        var (reference, asOf) = (Inputs.Reference(), QuestionVerbs.AsOf());
        var limit = Inputs.Count("--limit", "At most so many", 20, 1, AncestorsMax);
        var command = new Command("ancestors", "What a checkpoint's training continues, nearest first, across forks.")
        {
            reference, limit, asOf,
        };
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var id = await call.CheckpointAsync(client, call.Value(reference), ct);
            var view = await client.GetAncestorsAsync(id, call.Value(limit), call.Value(asOf), ct);
            call.Outlet.Write(Answer.Report(
                view, view.Ancestors, static one => one.Checkpoint.ToString(), screen => DescentPage.Ancestors(view, screen)));
            return ExitCodes.Done;
        });
    }

    public static Command CommonAncestor(Globals globals)
    {
        var (a, b, asOf) = (Inputs.Reference("A"), Inputs.Reference("B"), QuestionVerbs.AsOf());
        var command = new Command("common-ancestor", "The nearest checkpoint that two go back to.") { a, b, asOf };
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var one = await call.CheckpointAsync(client, call.Value(a), ct);
            var other = await call.CheckpointAsync(client, call.Value(b), ct);
            var view = await client.GetCommonAncestorAsync(one, other, call.Value(asOf), ct);
            call.Outlet.Write(Answer.One(view, view.Ancestor?.ToString() ?? "", screen => DescentPage.Common(view, screen)));
            return view.Ancestor is null ? ExitCodes.NotFound : ExitCodes.Done;
        });
    }

    public static Command Branches(Globals globals)
    {
        var (run, asOf) = (Inputs.Run(), QuestionVerbs.AsOf());
        var command = new Command("branches", "Where a run stands, what it turned back from, and what was forked from it.") { run, asOf };
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var view = await client.GetBranchesAsync(call.Value(run), call.Value(asOf), ct);
            call.Outlet.Write(Answer.Report(
                view, view.Branches, static branch => branch.Tip?.ToString() ?? branch.Run.ToString(),
                screen => DescentPage.Branches(view, screen)));
            return ExitCodes.Done;
        });
    }
}
