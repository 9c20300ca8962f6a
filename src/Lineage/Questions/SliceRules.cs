using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Restores;

namespace Lineage.Questions;

/// <summary>When a part of a run's record is enough to decide as the whole would. Beside the rules it speaks for, so that it moves with
/// them.</summary>
public static class SliceRules
{
    /// <summary>
    /// A save is planned from its newest full checkpoint, the deltas since, and the newest sealed one of its own generation
    /// (<see cref="BasePolicy"/>); an older delta counts only where a budget is to be kept and the keyframe has none yet.
    /// </summary>
    /// <param name="isIn">Whether a checkpoint is in the part: the newest ones before the save.</param>
    public static bool SufficeToOpen(SavePolicy policy, History history, CheckpointId checkpoint, Func<CheckpointId, bool> isIn)
    {
        var own = history.Candidates.FirstOrDefault(c => c.IsSealed && c.Id.Generation == checkpoint.Generation);
        if (own is not null && !isIn(own.Id)) return false;   // also when it comes after this save: an older one may be the parent
        var keyframe = history.Candidates.FirstOrDefault(c => c.Kind == CheckpointKind.Full && c.Phase != CheckpointPhase.Abandoned
            && BasePolicy.Precedes(c.Id, checkpoint));
        return keyframe is not null && isIn(keyframe.Id)
            && (policy.RestoreBytesMax is null || history.Candidates.Any(c =>
                c is { IsSealed: true, Kind: CheckpointKind.Incremental } && isIn(c.Id) && BasePolicy.Precedes(c.Id, checkpoint)
                && c.WorldSize == keyframe.WorldSize && c.LayoutDigest == keyframe.LayoutDigest));
    }

    /// <summary>A recovery takes the newest restore point and explains the newer ones; only without any it explains all.</summary>
    public static bool SufficeToRestore(History history, WorldSize world, Func<CheckpointId, bool> isIn) =>
        RestorePointChooser.Survey(history, new RestoreFilter(world)).Best is { } best && isIn(best.Target.Id);
}
