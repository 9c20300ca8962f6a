using Lineage.Agents.Shards;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Saving;

/// <summary>
/// The base that the next incremental will most likely refer to, kept in memory: in a star the last sealed full capture, in a deep chain
/// the last sealed one, or a base as it was read back from the tier. At most one, whatever the depth. A wrong guess costs reading the base
/// back, never correctness: the plan names it. Used by the background writer only.
/// </summary>
sealed class BaseSlot : IDisposable
{
    CheckpointId checkpoint;
    ContentHash manifestHash;
    ITensorBytes? bytes;
    long fullBytes;

    /// <summary>Takes over a sealed capture if the next plan will rather name it than what is kept; true if it did.</summary>
    /// <param name="storedBytes">Of this rank's shard.</param>
    public bool Offer(SavePlan plan, ContentHash manifestHash, long storedBytes, ITensorBytes captured)
    {
        if (!IsNextBase(plan, storedBytes, fullBytes)) return false;
        Keep(plan.Checkpoint, manifestHash, captured, plan.Kind == CheckpointKind.Full ? storedBytes : fullBytes);
        return true;
    }

    /// <summary>
    /// The service decides by the sizes of all ranks and of the last few deltas; here are only this rank's. A save that was built on a
    /// delta shows that the chain grows; one on the full checkpoint is the beginning of a chain if it is small.
    /// </summary>
    static bool IsNextBase(SavePlan plan, long storedBytes, long fullBytes) =>
        plan.Base is not { } link || (plan.DepthMax > 1 && (link.Depth > 0 || SavePolicy.IsSmall(storedBytes, fullBytes)));

    void Keep(CheckpointId checkpoint, ContentHash manifestHash, ITensorBytes bytes, long fullBytes)
    {
        Dispose();
        (this.checkpoint, this.manifestHash, this.bytes, this.fullBytes) = (checkpoint, manifestHash, bytes, fullBytes);
    }

    /// <summary>The base of a plan: what is kept, if it is that very content, else read back through its chain with every check.</summary>
    /// <exception cref="Restoring.ShardDamagedException">The stored base is damaged.</exception>
    /// <exception cref="LineageProblemException">The service cannot be asked for the base's chain, or names another content.</exception>
    public async Task<ITensorBytes> GetAsync(BaseLink link, SaverParts parts, Rank rank, CancellationToken ct)
    {
        if (bytes is not null && checkpoint == link.Checkpoint && manifestHash == link.ManifestHash) return bytes;
        var chain = await parts.Service.ReadChainAsync(link.Checkpoint, ct);
        if (chain.Links is not [.., { } last] || last.ManifestHash != link.ManifestHash)
        {
            throw new LineageProblemException(Problem.Of(
                ProblemCodes.PlanMismatch, 409, "Base changed",
                $"The plan names base {link.Checkpoint} with manifest {link.ManifestHash.Short}, its chain has another content. " +
                "Nothing was stored."));
        }

        Dispose();   // before the other one is loaded: never two
        Keep(link.Checkpoint, link.ManifestHash, parts.Restorer.Load(chain, rank, ct), chain.Links[0].Shards[rank.Value].StoredBytes);
        return bytes!;
    }

    public void Dispose()
    {
        (bytes as IDisposable)?.Dispose();
        bytes = null;
    }
}
