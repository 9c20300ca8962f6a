using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.Agents.Reporting;

/// <summary>Pure rules about facts: when one need not be told any more, and how its message is named.</summary>
public static class FactStanding
{
    /// <summary>
    /// Whether the service's view shows that the fact is on record, or that it cannot matter any more because the checkpoint is closed
    /// without it. Only then may it leave the outbox.
    /// </summary>
    public static bool IsSettled(FactMessage fact, CheckpointView view)
    {
        if (fact.Checkpoint != view.Checkpoint) return false;
        var shard = view.Shards.FirstOrDefault(s => s.Rank == fact.Rank);
        return fact switch
        {
            ShardStoreReported stored => view.Phase != CheckpointPhase.Open || shard?.Stored?.Root == stored.Root,
            ShardDiffReported => view.Phase != CheckpointPhase.Open || shard?.Diffed is not null || shard?.Stored is not null,
            ShardVerificationReported { Finding: Finding.Intact } => shard?.Verified is not null
                || view.Phase == CheckpointPhase.Verified || IsBeyondFindings(view),
            // Damage is settled only when it is known to be damage, whatever an earlier verification said of older bytes.
            ShardVerificationReported => IsBeyondFindings(view)
                || shard?.Verified is { Finding: not (Finding.Intact or Finding.Unknown) },
            _ => throw new System.Diagnostics.UnreachableException($"No rule for {fact.GetType().Name}."),
        };
    }

    /// <summary>Nothing that is found of its bytes changes what it is any more.</summary>
    static bool IsBeyondFindings(CheckpointView view) =>
        view.Phase is CheckpointPhase.Abandoned or CheckpointPhase.Quarantined or CheckpointPhase.Reclaimed;

    /// <summary>The same words give the same id, so a restarted sender repeats its message instead of adding one.</summary>
    public static MessageId NameOf(string kind, ShardId shard, params ReadOnlySpan<string> says) =>
        MessageId.Derive([kind, shard.ToString(), .. says]);

    /// <summary>
    /// The diff that a store report implies, told along with it so that the record has it even if the order of messages changes.
    /// </summary>
    public static ShardDiffReported DiffOf(ShardStoreReported stored) => new()
    {
        Id = NameOf("shard-diff", new ShardId(stored.Checkpoint, stored.Rank), stored.Root.ToString()),
        Checkpoint = stored.Checkpoint,
        Rank = stored.Rank,
        Actor = stored.Actor,
        Correlation = stored.Correlation,
        Diff = stored.Diff,
    };
}
