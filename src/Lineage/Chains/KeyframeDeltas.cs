using Lineage.Contracts.Events;

namespace Lineage.Chains;

/// <summary>What is on record of the deltas above one keyframe, as far as the next save is judged by it.</summary>
/// <param name="Newest">Chain of the newest delta that can be built on: sealed, unexpired, and whole down to the keyframe; null if there
/// is none.</param>
/// <param name="Last">Stored bytes of the newest sealed delta, whatever was found of it since; null if there is none.</param>
/// <param name="Typical">
/// Lower median of the newest three: one burst, or one delta over a longer distance, says nothing about the next; two of three do.
/// </param>
/// <param name="ExpectedOnKeyframe">
/// About what a delta right on the keyframe would take. Above a chain: its deltas together, because differences add up, and at most a
/// full one. Without any delta on this keyframe: what the newest on the one before took. Null if nothing is known.
/// </param>
sealed record KeyframeDeltas(Chain? Newest, long? Last, long Typical, long? ExpectedOnKeyframe)
{
    const int Looked = 3;

    /// <param name="before">Checkpoints of the history before the save, newest first.</param>
    public static KeyframeDeltas Of(Candidate keyframe, IReadOnlyList<Candidate> before)
    {
        var known = before.ToDictionary(static c => c.Id);
        var chains = before.Where(c => c is { IsSealed: true, Kind: CheckpointKind.Incremental } && BasePolicy.Precedes(keyframe.Id, c.Id))
            .Select(c => ChainBuilder.Build(c, id => known.GetValueOrDefault(id)))
            .Where(chain => chain.Links[0].Id == keyframe.Id);
        var newest = chains.FirstOrDefault(static chain => chain.Broken is null && chain.Links.All(static link => link.IsUsableBase));
        long[] recent = [.. chains.Take(Looked).Select(static chain => chain.Target.StoredBytes)];
        if (recent is []) return new KeyframeDeltas(newest, Last: null, Typical: 0, Earlier(keyframe, before));
        var typical = recent.Order().ElementAt((recent.Length - 1) / 2);
        return new KeyframeDeltas(newest, recent[0], typical, newest is { Depth: > 1 }
            ? Math.Min(keyframe.StoredBytes, newest.ReadBytes - keyframe.StoredBytes + typical)
            : recent[0]);
    }

    static long? Earlier(Candidate keyframe, IReadOnlyList<Candidate> before) => before.FirstOrDefault(c =>
        c is { IsSealed: true, Kind: CheckpointKind.Incremental } && c.WorldSize == keyframe.WorldSize
        && c.LayoutDigest == keyframe.LayoutDigest)?.StoredBytes;
}
