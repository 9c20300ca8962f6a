using Lineage.Chains;
using Lineage.Contracts.Api;

namespace Lineage.Verification;

/// <summary>What a keeper should read next: what nobody has verified yet, oldest first, because recoveries wait for it; then what was read
/// longest ago. What waits in vain is left out, and back in its place once its base is whole again.</summary>
public static class PendingVerifications
{
    /// <param name="again">A verified checkpoint is due again when its oldest finding is at least this old; null: never.</param>
    public static IReadOnlyList<Candidate> Order(IEnumerable<Candidate> candidates, DateTimeOffset now, TimeSpan? again)
    {
        var all = candidates.ToList();
        var known = all.ToDictionary(static c => c.Id);
        return
        [
            .. all.Where(c => c.Phase == CheckpointPhase.Sealed && ChainBuilder.LostBase(c, id => known.GetValueOrDefault(id)) is null)
                .OrderBy(static c => c.SealedAt)
                .ThenBy(static c => c.Id.ToString(), StringComparer.Ordinal),
            .. all.Where(c => c.Phase == CheckpointPhase.Verified && again is { } age && now - (c.CheckedAt ?? c.VerifiedAt) >= age)
                .OrderBy(static c => c.CheckedAt ?? c.VerifiedAt).ThenBy(static c => c.Id.ToString(), StringComparer.Ordinal),
        ];
    }
}
