using Lineage.Agents.Reporting;
using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>A shard that is not what the record says.</summary>
readonly record struct ShardDamage(CheckpointId Checkpoint, Rank Rank, Finding Finding, string Detail);

/// <summary>Reads stored shards back as ranks and keepers do: every link, every check, before anybody gets a word of it.</summary>
sealed class ShardReading(World world, string process)
{
    public ShardDamage? Damage { get; private set; }

    public RankState State { get; private set; }

    /// <summary>Follows the chain from the full link on: then <see cref="Damage"/> is set, or <see cref="State"/> is whole.</summary>
    public IEnumerator<Wait> Restore(CheckpointId point, Rank rank)
    {
        (Damage, State) = (null, default);
        if (world.Service.ChainOf(point) is not { } chain) yield break;
        ContentHash? below = null;
        foreach (var link in chain.Links)
        {
            yield return Wait.For(1);
            var expected = link.Shards[rank.Value];
            if (Read(link.Checkpoint, rank, expected) is not { } shard) yield break;
            if (shard.BaseRoot != below)
            {
                Damage = new ShardDamage(link.Checkpoint, rank, Finding.Altered, "it refers to another base than the record says");
                yield break;
            }

            State = link.Kind == CheckpointKind.Full ? shard.Words : State.Against(shard.Words);
            below = expected.Root;
        }
    }

    /// <returns>Null: damaged, and <see cref="Damage"/> says how.</returns>
    public ShardImage? Read(CheckpointId id, Rank rank, ManifestShard expected)
    {
        var file = world.Disk.Find(expected.ObjectKey);
        world.Note((i, at) => new Entry.ReadBack(i, at, process, id, rank.Value, expected.ObjectKey, file?.Written ?? 0));
        var (finding, detail) = file?.Content switch
        {
            null => (Finding.Missing, "there is no such object"),
            ShardImage { Whole: false } or Torn => (Finding.Truncated, "its end is missing"),
            ShardImage shard when (file.Reread ??= shard.Reread()) != shard.Root =>
                (Finding.Altered, "its bytes have another root than its footer"),
            ShardImage shard when shard.Checkpoint != id || shard.Rank != rank =>
                (Finding.Altered, $"it holds {shard.Checkpoint} rank {shard.Rank}"),
            ShardImage shard when shard.Root != expected.Root => (Finding.Altered, "its root is not the one on record"),
            ShardImage => (Finding.Intact, ""),
            _ => (Finding.Unreadable, "it is no shard"),
        };
        if (finding == Finding.Intact) return (ShardImage)file!.Content;
        Damage = new ShardDamage(id, rank, finding, detail);
        return null;
    }

    /// <summary>A person tells the service what was found.</summary>
    public static IEnumerator<Wait> Tell(World world, string who, ShardDamage damage) =>
        world.Service.Record(new Answer(), who, [Report(damage, ActorId.Parse("person"))]);

    public static ShardVerificationReported Report(ShardDamage damage, ActorId actor) =>
        Report(damage.Checkpoint, damage.Rank, damage.Finding, root: null, damage.Detail, actor);

    public static ShardVerificationReported Report(
        CheckpointId id, Rank rank, Finding finding, ContentHash? root, string? detail, ActorId actor)
    {
        return new ShardVerificationReported
        {
            Id = FactStanding.NameOf("shard-verification", new ShardId(id, rank), finding.ToString(), actor.ToString()),
            Checkpoint = id,
            Rank = rank,
            Actor = actor,
            Correlation = id.ToString(),
            Finding = finding,
            Depth = VerificationDepth.Deep,
            Root = root,
            Detail = detail,
            ReadBytes = ShardImage.Bytes,
        };
    }
}
