using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Restores;

namespace Lineage.Retention;

/// <summary>What needs a checkpoint, in words for people.</summary>
public static class Needs
{
    public static OutsideNeed OfFork(CheckpointId origin, RunId fork) => new(origin, KeepRule.Fork, $"run {fork} began from it");

    public static OutsideNeed OfRecovery(Recovery recovery) => new(
        recovery.Chosen!.Value, KeepRule.Restoring, $"recovery {recovery.Id} is restoring it");

    public static KeepReason OfChild(CheckpointId child, CheckpointPhase phase) => phase == CheckpointPhase.Open
        ? new KeepReason(KeepRule.OpenSave, $"open save {child} builds on it")
        : new KeepReason(KeepRule.BaseOf, $"base of {child} ({phase.ToString().ToLowerInvariant()})");

    public static KeepReason OfTag(string tag) => new(KeepRule.Tag, $"tag {tag}");
}
