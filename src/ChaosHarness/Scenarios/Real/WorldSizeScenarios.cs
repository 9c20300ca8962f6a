using System.Globalization;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <summary>Another number of ranks than the run was saved by.</summary>
static class WorldSizeScenarios
{
    /// <summary>
    /// The run's machine is gone and somebody starts it with three ranks. Training goes on with the number of ranks that saved only, so
    /// that is refused with a reason; what the service says that other worlds would read is carried out by the judge's own reader. Then it
    /// goes on with two.
    /// </summary>
    public static async Task ChangedAsync(Stage stage)
    {
        var (first, _) = await stage.LaunchStoppingAsync("closed", 4, "--lease", "2");
        var point = await StoreScenarios.SettledAsync(stage);
        var kill = stage.Inject("launcher-kill", "launcher", "SIGKILL");
        first.Send(Signal.Kill);
        await stage.UntilAsync("the lease to run out", async () => await stage.CountAsync<LeaseExpired>() > 0);
        stage.TookEffect(kill, "the launcher is gone, its ranks with it, and its lease ran out");

        var wrong = stage.Inject("wrong-world-size", "launcher", "started with 3 ranks; 2 saved");
        var refused = stage.LaunchWith(new WorldSize(3), "--lease", "2");
        await stage.EndsAsync(refused, ExitCodes.NoRestorePoint);
        var failed = (await stage.LogAsync()).LastOrDefault(static one => one.Name == EventCatalog.Names[typeof(RecoveryFailed)]);
        stage.Must(failed is not null, "three ranks were refused, and no failed recovery is on record");
        if (failed is not null) stage.TookEffect(wrong, $"refused on record: {failed.Summary}");

        var changed = stage.Inject("world-changed", "store", "read for worlds of 1, 3 and 5 ranks");
        var layout = await stage.World.Api.GetAsync<TensorLayout>($"v1/layouts/{point.LayoutDigest}", stage.Cancellation)
            ?? throw new WorldException($"The layout of {point.Checkpoint} was never told.");
        var stored = PlainTiling.Open(
            stage.World.StoreDirectory, Agents.Tiers.LocalDirectoryTier.DefaultName, point.Checkpoint, layout);
        var bytes = 0L;
        foreach (var world in new[] { 1, 3, 5 }) bytes += await TileAsync(stage, point, stored, new WorldSize(world));
        stage.TookEffect(changed, string.Create(
            CultureInfo.InvariantCulture, $"{bytes:N0} B of {point.Checkpoint} were read for three other worlds and put together"));

        await stage.EndsAsync(stage.Launch(fault: null, "--lease", "2"));
        await stage.JudgeEndAsync(losses: false);
    }

    /// <returns>Decoded bytes that were read.</returns>
    static async Task<long> TileAsync(Stage stage, CheckpointView point, PlainTiling stored, WorldSize world)
    {
        var ct = stage.Cancellation;
        var compatible = await stage.World.Api.GetAsync<CompatiblePoints>(
            $"v1/runs/{stage.Run}/restore-points/compatible?world={world}", ct);
        stage.Must(
            compatible?.Best == point.Checkpoint, $"for {world} ranks {compatible?.Best} is offered; expected {point.Checkpoint}");
        var pieces = new List<IReadOnlyList<ReshardPiece>>();
        foreach (var rank in world.Ranks)
        {
            var view = await stage.World.Api.GetAsync<ReshardView>(
                $"v1/{point.Checkpoint.StreamKey.Replace("checkpoint/", "checkpoints/", StringComparison.Ordinal)}/reshard"
                + $"?world={world}&rank={rank}", ct);
            pieces.Add(view?.RankPieces ?? throw new WorldException($"There is no plan of {point.Checkpoint} for rank {rank} of {world}."));
        }

        var tiling = stored.Read(pieces);
        stage.Record.Plans.AddRange(tiling.Plans);
        foreach (var difference in tiling.Differences) stage.Must(holds: false, $"for {world} ranks {difference}");
        return tiling.Bytes;
    }
}
