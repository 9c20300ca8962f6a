using System.CommandLine;
using Lineage.Agents.Client;
using Lineage.Agents.Keeping;
using Lineage.Agents.Tiers;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;

namespace Lineage.Cli.Verbs;

/// <summary><c>checkpoint rebase REF</c>: stores a checkpoint anew as a full one, so that its base may go.</summary>
internal static class RebaseVerb
{
    public static Command Create(Globals globals)
    {
        var (reference, reason) = (Inputs.Reference(), new Option<string>("--reason")
        {
            Description = "Why; it stays on record (default: its base is not to be kept).",
            HelpName = "TEXT",
            DefaultValueFactory = static _ => "its base is not to be kept",
        });
        var command = new Command("rebase", "Stores a checkpoint anew as a full one, from what is stored; its base may go then.")
            { reference, reason };
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var id = await call.CheckpointAsync(client, call.Value(reference), ct);
            var (chain, world) = (await client.GetChainAsync(id, ct), (await client.GetCheckpointAsync(id, ct)).WorldSize);
            var tier = new LocalDirectoryTier(call.StoreDirectory);
            var shards = await new Rebaser(tier).RewriteAsync(chain, world, Math.Max(1, Environment.ProcessorCount), ct);
            var view = await client.RebaseAsync(id, new RebaseCheckpoint(client.Actor, call.Value(reason)!, shards), ct);
            await StoreManifestAsync(client, tier, view, ct);
            call.Outlet.Write(Answer.One(view, id.ToString(), screen => CheckpointPage.Draw(view, [], screen)));
            call.Outlet.Narrate("The shards that it was stored in before stay until the checkpoint is reclaimed.");
            return ExitCodes.Done;
        });
    }

    /// <summary>Beside the shards, so that the lineage can be rebuilt from the store alone; the event stays the authority.</summary>
    static async Task StoreManifestAsync(LineageClient client, LocalDirectoryTier tier, CheckpointView view, CancellationToken ct)
    {
        var key = ObjectKeys.RebasedManifest(view.Checkpoint);
        if (tier.SizeOf(key) is not null) return;
        var bytes = await client.GetManifestAsync(view.Checkpoint, ct);
        await tier.PutAsync(key, (stream, token) => stream.WriteAsync(bytes, token), NoSteps.Instance, ct);
    }
}
