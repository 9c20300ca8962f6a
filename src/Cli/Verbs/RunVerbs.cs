using System.CommandLine;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Verbs;

/// <summary><c>status</c> and <c>run list</c>.</summary>
internal static class RunVerbs
{
    const int RunsMax = 1000, RunsInDetail = 5, CheckpointsMax = 100_000;

    public static Command Status(Globals globals) =>
        globals.Runs(new Command("status", "Server, storage, runs and their recoveries."), async (call, ct) =>
        {
            using var client = call.Client();
            var service = await client.GetServiceAsync(ct);
            var runs = await Invocation.AllAsync<RunView>(client.ListRunsAsync, RunsMax, ct);
            var detailed = new List<RunStatus>();
            foreach (var run in runs)
            {
                detailed.Add(detailed.Count < RunsInDetail
                    ? await DetailAsync(client, run, ct)
                    : new RunStatus(run, 0, 0, 0, 0, 0, 0, 0, []));
            }

            var status = new StatusView(client.Server.ToString(), service, Storage(call.StoreDirectory), detailed);
            call.Outlet.Write(Answer.One(status, status.Server, screen => StatusPage.Draw(status, screen)));
            return ExitCodes.Done;
        });

    static async Task<RunStatus> DetailAsync(Agents.Client.LineageClient client, RunView run, CancellationToken ct)
    {
        var views = await Invocation.AllAsync<CheckpointView>(
            (after, limit, token) => client.ListCheckpointsAsync(run.Run, after, limit, token), CheckpointsMax, ct);
        int In(CheckpointPhase phase) => views.Count(view => view.Phase == phase);
        var kept = views.Where(static view => view.Phase is not CheckpointPhase.Abandoned).ToArray();
        return new RunStatus(
            run, views.Count, In(CheckpointPhase.Verified), In(CheckpointPhase.Quarantined), In(CheckpointPhase.Abandoned),
            In(CheckpointPhase.Open), kept.Sum(static view => view.RawBytes), kept.Sum(static view => view.StoredBytes),
            await Invocation.RecoveriesAsync(client, run, ct));
    }

    static StorageView? Storage(string directory)
    {
        if (!Directory.Exists(directory)) return null;
        var drive = new DriveInfo(directory);
        return new StorageView(directory, drive.AvailableFreeSpace, drive.TotalSize);
    }

    public static Command Runs(Globals globals)
    {
        var all = new Option<bool>("--all", "-a") { Description = "With archived runs." };
        var list = globals.Runs(new Command("list", "Runs, and how far what can be restored lies behind.") { all }, async (call, ct) =>
        {
            using var client = call.Client();
            var runs = await Invocation.AllAsync<RunView>(call.Value(all) ? client.ListAllRunsAsync : client.ListRunsAsync, RunsMax, ct);
            call.Outlet.Write(Answer.Many(runs, static run => run.Run.ToString(), screen => RunPage.List(runs, screen)));
            return ExitCodes.Done;
        });
        var runs = new Command("run", "Training runs.") { list };
        RunChangeVerbs.AddTo(runs, globals);
        return runs;
    }
}
