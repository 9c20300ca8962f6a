using System.CommandLine;
using System.Globalization;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary><c>restore-point compatible</c> and <c>checkpoint reshard</c>: what a saved state is worth on another number of
/// ranks.</summary>
internal static class ReshardVerbs
{
    public static Command Compatible(Globals globals)
    {
        var (run, world, asOf) = (Inputs.Run(), World(), QuestionVerbs.AsOf());
        var command = new Command("compatible", "The newest points, and which parts of each can be had on so many ranks.")
            { run, world, asOf };
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var points = await client.GetCompatiblePointsAsync(call.Value(run), call.Value(world)!.Value, call.Value(asOf), ct);
            call.Outlet.Write(Answer.Report(
                points, points.Points, static point => point.Point.Checkpoint.ToString(),
                screen => ReshardPage.Compatible(points, screen)));
            return points.Best is null ? ExitCodes.NoRestorePoint : ExitCodes.Done;
        });
    }

    public static Command Reshard(Globals globals)
    {
        var (reference, world) = (Inputs.Reference(), World());
        var rank = Inputs.Value("--rank", "Lists what this rank would read.", "R",
            static text => new Rank((int)Math.Min(int.MaxValue, RecoveryVerbs.Number(text))));
        var command = new Command("reshard", "How a checkpoint comes up on another number of ranks.") { reference, world, rank };
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var id = await call.CheckpointAsync(client, call.Value(reference), ct);
            var view = await client.PlanReshardAsync(id, call.Value(world)!.Value, call.Value(rank), ct);
            var layout = view.RankPieces is null ? null
                : await client.GetLayoutAsync((await client.GetCheckpointAsync(id, ct)).LayoutDigest, ct);
            call.Outlet.Write(Answer.Report(
                view, view.RankPieces ?? [], static piece => piece.Tensor.ToString(CultureInfo.InvariantCulture),
                screen => [.. ReshardPage.Draw(view, screen), .. ReshardPage.Pieces(view, layout, screen)]));
            return view.Usable ? ExitCodes.Done : ExitCodes.NoRestorePoint;
        });
    }

    static Option<WorldSize?> World()
    {
        var world = RecoveryVerbs.World("Number of ranks to restore on.");
        world.Required = true;
        return world;
    }
}
