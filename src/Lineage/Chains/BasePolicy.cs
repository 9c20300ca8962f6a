using System.Globalization;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Chains;

/// <summary>How a save is to be stored and what it descends from.</summary>
/// <param name="Why">For people: why full, or why against this base.</param>
public sealed record SaveBasis(CheckpointKind Kind, BaseLink? Base, CheckpointId? Parent, string Why);

/// <summary>
/// The star policy: every incremental is a depth-1 delta on the newest keyframe, because a full-state delta is most of a full one and long
/// chains multiply restore cost. A keyframe is a sealed, unquarantined full checkpoint on this history with the same world size and layout.
/// </summary>
public static class BasePolicy
{
    /// <param name="history">Of the generation that writes (<see cref="History.ForWriting"/>).</param>
    public static SaveBasis Plan(SavePolicy policy, History history, CheckpointId checkpoint, WorldSize worldSize, ContentHash layoutDigest)
    {
        var before = history.Candidates.Where(c => c.Id != checkpoint && Precedes(c.Id, checkpoint)).ToList();
        var parent = before.Find(c => c.IsSealed && c.Id.Generation == checkpoint.Generation)?.Id ?? history.RestorePoint;
        if (policy.FullEvery == 1) return Full(parent, "the policy makes every checkpoint full");
        var keyframe = before.Find(c => c.Kind == CheckpointKind.Full && c.IsUsableBase && c.WorldSize == worldSize
            && c.LayoutDigest == layoutDigest);
        if (keyframe is null) return Full(parent, "no sealed full checkpoint of this world size and layout is on the history");

        var since = before.Count(c => c.Phase != CheckpointPhase.Abandoned && Precedes(keyframe.Id, c.Id));
        return since >= policy.FullEvery - 1
            ? Full(parent, string.Create(CultureInfo.InvariantCulture,
                $"{since:N0} saves since the full {keyframe.Id}; a full one is due every {policy.FullEvery:N0}"))
            : new SaveBasis(CheckpointKind.Incremental, new BaseLink(keyframe.Id, keyframe.ManifestHash!.Value, 0), parent,
                $"newest full checkpoint of the history is {keyframe.Id}");
    }

    static SaveBasis Full(CheckpointId? parent, string why) => new(CheckpointKind.Full, Base: null, parent, why);

    /// <summary>Earlier on one history: a lower step, or the same step under an older generation.</summary>
    static bool Precedes(CheckpointId one, CheckpointId other) =>
        one.Step < other.Step || (one.Step == other.Step && one.Generation < other.Generation);
}
