using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Decisions;

namespace Lineage.Store;

/// <summary>Holds the run exclusively, as reclaim does, so that no save can begin to build on what is being replaced.</summary>
public sealed class RebaseLedger(Ledger ledger, RetentionReader reader)
{
    public Task<Decision> RebaseAsync(CheckpointId id, RebaseCheckpoint body, CommandContext context, CancellationToken ct) =>
        ledger.DecideAsync("checkpoint.rebase", id.Run, context, async (session, token) =>
        {
            await session.RunAsync(id.Run, RunHold.Exclusive, token);
            var children = await reader.ChildrenAsync(id, token);
            return new Decided(id.StreamKey, RebaseDecider.Decide(
                await session.CheckpointAsync(id, token), [.. children.Select(static child => child.Id)],
                new RebaseCommand(id, body.Shards, body.Reason, body.Actor, session.Now)));
        }, ct);
}
