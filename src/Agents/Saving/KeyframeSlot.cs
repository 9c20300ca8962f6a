using Lineage.Agents.Shards;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Saving;

/// <summary>
/// The base that the next incremental refers to, kept in memory: the last sealed full capture, or the base as it was read back from the
/// tier after a restart. At most one. Used by the background writer only.
/// </summary>
sealed class KeyframeSlot : IDisposable
{
    CheckpointId checkpoint;
    ContentHash manifestHash;
    ITensorBytes? bytes;

    /// <summary>Takes over a sealed full capture.</summary>
    public void Keep(CheckpointId checkpoint, ContentHash manifestHash, ITensorBytes bytes)
    {
        Dispose();
        (this.checkpoint, this.manifestHash, this.bytes) = (checkpoint, manifestHash, bytes);
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

        Keep(link.Checkpoint, link.ManifestHash, parts.Restorer.Load(chain, rank, ct));
        return bytes!;
    }

    public void Dispose()
    {
        (bytes as IDisposable)?.Dispose();
        bytes = null;
    }
}
