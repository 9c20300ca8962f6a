using System.CommandLine;
using Lineage.Agents.Client;
using Lineage.Agents.Comparing;
using Lineage.Agents.Restoring;
using Lineage.Agents.Tiers;
using Lineage.Cli.Rendering;
using Lineage.Cli.Terminal;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;

namespace Lineage.Cli.Verbs;

/// <summary>
/// <c>diff A B</c>: what changed, tensor by tensor, from the stored bytes of both. The service says where they lie; every chunk is checked
/// on the way.
/// </summary>
internal static class DiffVerb
{
    public static Command Create(Globals globals)
    {
        var (from, to) = (Inputs.Reference("A"), Inputs.Reference("B"));
        return globals.Runs(new Command("diff", "What changed between two checkpoints, tensor by tensor.") { from, to }, async (call, ct) =>
        {
            using var client = call.Client();
            var (before, beforeChain) = await SideAsync(call, client, call.Value(from), ct);
            var (after, afterChain) = await SideAsync(call, client, call.Value(to), ct);
            var found = await CompareAsync(call, client, beforeChain, afterChain, after.RawBytes, ct);
            var view = DiffView.Of(found, before, after);
            call.Outlet.Write(Answer.Report(
                view, view.Tensors, static tensor => tensor.Name, screen => DiffPage.Draw(view, screen)));
            return ExitCodes.Done;
        });
    }

    static async Task<(DiffSide Side, ChainView Chain)> SideAsync(
        Invocation call, LineageClient client, string reference, CancellationToken ct)
    {
        var id = await call.CheckpointAsync(client, reference, ct);
        var chain = await client.GetChainAsync(id, ct);
        if (chain.Broken is { } broken) call.Outlet.Narrate($"The chain of {id} is broken: {broken}. Comparing what can be read.");
        // Withdrawn bytes are looked at too: that is when a person wants to know. What is damaged is found, chunk by chunk.
        return (DiffSide.Of(await client.GetCheckpointAsync(id, ct), chain), chain with { Broken = null });
    }

    static async Task<CheckpointDifference> CompareAsync(
        Invocation call, LineageClient client, ChainView before, ChainView after, long raw, CancellationToken ct)
    {
        var comparer = new CheckpointComparer(new LocalDirectoryTier(call.StoreDirectory), call.Clock);
        try
        {
            return await ProgressBar.WhileAsync(
                $"comparing {before.Checkpoint} and {after.Checkpoint}", raw, () => comparer.ComparedBytes, call.Clock,
                comparer.CompareAsync(before, after, Math.Max(1, Environment.ProcessorCount), ct));
        }
        catch (ShardDamagedException damaged)
        {
            // What is not there may only be a wrong --store, and looking at a difference must not withdraw what is whole elsewhere.
            var isSeen = damaged.Found.Finding is Finding.Altered or Finding.Truncated;
            if (isSeen) await Facts.ReportAsync(call, client, damaged, "diff", ct);
            throw new LineageProblemException(Problem.Of(
                ProblemCodes.ShardDamaged, 409, "A stored shard is damaged",
                $"{damaged.Shard} is {damaged.Found.Finding.ToString().ToLowerInvariant()}: {damaged.Found.Detail?.TrimEnd('.')}. " +
                $"{before.Checkpoint} and {after.Checkpoint} were not compared to the end. " +
                (isSeen
                    ? "The finding was reported, so that this checkpoint is no longer offered. "
                    : $"Nothing was reported. Is {call.StoreDirectory} the store of this server? ") +
                $"See: lineage verify {damaged.Shard.Checkpoint}{(isSeen ? " --deep" : "")}"), damaged);
        }
    }
}
