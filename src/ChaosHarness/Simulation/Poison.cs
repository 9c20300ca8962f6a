using System.Text;
using Lineage.Agents.Reporting;
using Lineage.Bus;
using Lineage.ChaosHarness.Histories;
using Lineage.Checkpoints;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>Messages that can never be taken: bytes that are none, facts of a run that nobody knows, facts that contradict the record.
/// </summary>
static class Poison
{
    public const string Kind = "poison-message";

    /// <returns>Id of the dead letter that it has to become, and what was sent.</returns>
    public static (string Id, string Seen) Publish(World world, ScheduledFault fault)
    {
        if (fault.Amount % 3 == 0)
        {
            var body = Encoding.UTF8.GetBytes($"{{\"message\":{{\"fault\":{fault.Id}}}");
            world.Broker.PublishUnreadable(body);
            return (DeadLetter.OfUnread(body, fault: null).Id.ToString(), "bytes that are no message were published");
        }

        var fact = fault.Amount % 3 == 1 ? OfNobody(fault) : Contradiction(world, fault) ?? OfNobody(fault);
        world.Broker.Publish([fact]);
        return (fact.Id.ToString(), $"a store report of {fact.Checkpoint} that cannot be true was published");
    }

    static ShardStoreReported OfNobody(ScheduledFault fault) => Fact(
        fault, new CheckpointId(RunId.Parse("nobody"), new Generation(1), new Step(1)), new Rank(0));

    /// <summary>Another root for a shard on record, of the newest checkpoint that has any.</summary>
    static ShardStoreReported? Contradiction(World world, ScheduledFault fault)
    {
        foreach (var candidate in world.Store.CandidatesOf(world.Main.Id).OrderByDescending(static c => c.Id.Step)
            .ThenByDescending(static c => c.Id.Generation))
            foreach (var (rank, shard) in world.Store.State<Checkpoint>(candidate.Id.StreamKey)!.Shards)
                if (shard.Root is not null) return Fact(fault, candidate.Id, rank);
        return null;
    }

    static ShardStoreReported Fact(ScheduledFault fault, CheckpointId id, Rank rank)
    {
        var root = ContentHash.Of(Encoding.UTF8.GetBytes($"poison {fault.Id}"));
        return new ShardStoreReported
        {
            Id = FactStanding.NameOf("shard-store", new ShardId(id, rank), root.ToString(), World.Tier),
            Checkpoint = id,
            Rank = rank,
            Actor = ActorId.Parse("stranger"),
            Correlation = id.ToString(),
            Diff = new DiffFigures(BaseRoot: null, 32, 1_000, ChunkModeCounts.None, 1, 1),
            Root = root,
            StoredBytes = 1_000,
            Tier = World.Tier,
            ObjectKey = ObjectKeys.Shard(new ShardId(id, rank)),
        };
    }
}
