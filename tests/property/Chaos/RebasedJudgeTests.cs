using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Chaos;

/// <summary>A checkpoint that was written anew has another manifest, other roots and no base; that is no damage.</summary>
public sealed class RebasedJudgeTests
{
    static readonly CheckpointId First = Made.Id(10), Second = Made.Id(20), Third = Made.Id(30);
    static readonly DateTimeOffset Epoch = DateTimeOffset.UnixEpoch.AddYears(56);

    /// <summary>A full checkpoint, a delta on it that is written anew as a full one.</summary>
    static Made Rebased() => new Made().Run().Save(First).Verify(First).Save(Second, First).Verify(Second).Rebase(Second);

    static IEnumerable<string> Violated(Made made) => made.Judged().Invariants.SelectMany(static one => one.Violations)
        .Select(static one => $"{one.Invariant}: {one.What}");

    [Fact]
    public void A_delta_on_what_was_written_anew_names_its_new_manifest_and_depth() =>
        Assert.Empty(Violated(Rebased().Open(Third, Second, baseDepth: 0, Made.Hash($"manifest anew {Second}"))
            .Shard(Third, 0).Shard(Third, 1).Seal(Third).Verify(Third).Recover(2, Third)));

    [Fact]
    public void A_base_may_go_once_what_was_built_on_it_stands_alone() => Assert.Empty(Violated(Save(Rebased(), Third)
        .Write(First.StreamKey, new CheckpointExpired(First, "old", Made.Hash("plan"), Epoch, Epoch))
        .Write(First.StreamKey, new ReclaimStarted(First, Made.Launcher, Epoch))));

    [Fact]
    public void A_manifest_that_was_never_its_own_is_still_told()
    {
        var told = Violated(Rebased().Open(Third, Second, baseDepth: 0, Made.Hash("of nobody")).Shard(Third, 0).Shard(Third, 1));
        Assert.Contains(told, static one => one.StartsWith("S14", StringComparison.Ordinal));
    }

    [Fact]
    public void Verified_once_more_than_it_was_written_is_still_told()
    {
        var told = Violated(Rebased().Verified(Second));
        Assert.Contains(told, static one => one.StartsWith("S9", StringComparison.Ordinal));
    }

    static Made Save(Made made, CheckpointId id) => made.Save(id).Verify(id);
}
