using System.Globalization;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.Bench.Ingest;

/// <summary>What the ranks of one save would report, made up from its name: the same save gives the same facts.</summary>
sealed class MadeUpSave(RunId run, long step, int world, ContentHash layout)
{
    public CheckpointId Id { get; } = new(run, new Generation(1), new Step(step));

    /// <summary>Events on record once it is sealed: opened, a diff and a store of each rank, sealed.</summary>
    public int EventCount => (2 * world) + 2;

    public static ContentHash Hash(string text) => ContentHash.Of(System.Text.Encoding.UTF8.GetBytes(text));

    public OpenCheckpoint Opening() => new(new WorldSize(world), layout, ActorId.Parse($"rank:{Id.Run}/1/0"), Correlation);

    /// <param name="plan">Says against which base the shards are.</param>
    /// <returns>Two facts of each rank.</returns>
    public IReadOnlyList<FactMessage> Facts(SavePlan plan)
    {
        var facts = new List<FactMessage>(2 * world);
        for (var rank = 0; rank < world; rank++)
        {
            var name = rank.ToString(CultureInfo.InvariantCulture);
            var actor = ActorId.Parse($"rank:{Id.Run}/1/{name}");
            var diff = Figures(plan, rank);
            facts.Add(new ShardDiffReported
            {
                Id = MessageId.Derive("diff", Id.ToString(), name),
                Checkpoint = Id,
                Rank = new Rank(rank),
                Actor = actor,
                Correlation = Correlation,
                Diff = diff,
            });
            facts.Add(new ShardStoreReported
            {
                Id = MessageId.Derive("store", Id.ToString(), name),
                Checkpoint = Id,
                Rank = new Rank(rank),
                Actor = actor,
                Correlation = Correlation,
                Diff = diff,
                Root = RootOf(Id, rank),
                StoredBytes = 120_000_000 + rank,
                Tier = "local",
                ObjectKey = ObjectKeys.Shard(new ShardId(Id, new Rank(rank))),
            });
        }

        return facts;
    }

    string Correlation { get; } = Hash($"save {run} {step}").Hex[..32];

    static DiffFigures Figures(SavePlan plan, int rank) => new(
        plan.Base is { } edge ? RootOf(edge.Checkpoint, rank) : null, 400_000_000 + rank, 119_000_000 + rank,
        new ChunkModeCounts(10, 20, 3, 1_400, 90), 1_500_000 + rank, 30_000 + rank);

    static ContentHash RootOf(CheckpointId id, int rank) =>
        Hash(string.Create(CultureInfo.InvariantCulture, $"shard {id}/{rank}"));
}
