using FsCheck.Xunit;
using Lineage.Checkpoints;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Decisions;
using Lineage.Runs;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Checkpoints;

/// <summary>Messages come at least once and in any order; the stream must not show it.</summary>
public sealed class ReportOrderTests
{
    static readonly CheckpointId C = Id(1, 10);

    /// <summary>All reports of a save, shuffled, each one to three times.</summary>
    static List<FactMessage> Deliveries(int worldSize, int seed)
    {
        var random = new Random(seed);
        var messages = Enumerable.Range(0, worldSize).SelectMany(rank => new FactMessage[] { Diff(C, rank), Stored(C, rank) }).ToList();
        var deliveries = messages.SelectMany(message => Enumerable.Repeat(message, 1 + random.Next(3))).ToArray();
        random.Shuffle(deliveries);
        return [.. deliveries];
    }

    static (Checkpoint Opened, Run Run, int WorldSize) Save(int size)
    {
        var worldSize = 1 + (Math.Abs(size % 7));
        return (CheckpointOf(Opened(C, worldSize: worldSize)), RunOf(Registered(), Granted(1, worldSize: worldSize)), worldSize);
    }

    static List<object> Stream(Checkpoint opened, Run run, IEnumerable<FactMessage> messages) =>
        [.. CheckpointDecider.DecideAll(C, opened, run, messages, At(2)).Events];

    [Property(MaxTest = 300)]
    public void Any_interleaving_and_duplication_gives_the_same_facts_and_the_same_seal(int size, int seed)
    {
        var (opened, run, worldSize) = Save(size);
        var inOrder = Stream(opened, run, Enumerable.Range(0, worldSize)
            .SelectMany(rank => new FactMessage[] { Diff(C, rank), Stored(C, rank) }));
        var anyhow = Stream(opened, run, Deliveries(worldSize, seed));

        Assert.Equal(inOrder.Select(CanonicalJson.Digest).Order(ByText), anyhow.Select(CanonicalJson.Digest).Order(ByText));
        Assert.Equal(inOrder[^1], Assert.IsType<CheckpointSealed>(anyhow[^1]));
        foreach (var rank in opened.Opened.WorldSize.Ranks)
            Assert.Equal([typeof(ShardDiffed), typeof(ShardStored)], anyhow.Where(e => RankOf(e) == rank).Select(static e => e.GetType()));
    }

    [Property(MaxTest = 200)]
    public void Duplicates_leave_no_trace_the_stream_is_that_of_exactly_once_delivery(int size, int seed)
    {
        var (opened, run, worldSize) = Save(size);
        var deliveries = Deliveries(worldSize, seed);
        Assert.Equal(Stream(opened, run, deliveries.DistinctBy(static message => message.Id)), Stream(opened, run, deliveries));
    }

    [Property(MaxTest = 200)]
    public void However_deliveries_are_cut_into_batches_the_stream_is_the_same(int size, int seed, byte cut)
    {
        var (opened, run, worldSize) = Save(size);
        var deliveries = Deliveries(worldSize, seed);
        List<object> inBatches = [];
        foreach (var batch in deliveries.Chunk(1 + (cut % 9)))
            inBatches.AddRange(Stream(inBatches.Aggregate(opened, static (state, e) => Checkpoint.Fold(state, e)!), run, batch));
        Assert.Equal(Stream(opened, run, deliveries), inBatches);
    }

    [Property(MaxTest = 200)]
    public void Without_one_ranks_store_no_order_seals(int size, int seed)
    {
        var (opened, run, worldSize) = Save(size);
        var missing = new Rank(Math.Abs(seed % worldSize));
        var stream = Stream(opened, run, Deliveries(worldSize, seed).Where(m => m is not ShardStoreReported || m.Rank != missing));
        Assert.DoesNotContain(stream, static e => e is CheckpointSealed);
        Assert.Equal([missing], stream.Aggregate(opened, static (state, e) => Checkpoint.Fold(state, e)!).MissingRanks());
    }

    [Property(MaxTest = 200)]
    public void Once_sealed_every_repeat_is_already_done(int size, int seed)
    {
        var (opened, run, worldSize) = Save(size);
        var deliveries = Deliveries(worldSize, seed);
        var complete = Stream(opened, run, deliveries).Aggregate(opened, static (state, e) => Checkpoint.Fold(state, e)!);
        Assert.All(
            CheckpointDecider.DecideAll(C, complete, RunAt(5), deliveries, At(9)).Outcomes, static outcome =>
                Assert.IsType<Decision.AlreadyDone>(outcome.Decision));
    }

    [Property(MaxTest = 200)]
    public void Findings_in_any_order_and_number_end_in_the_same_judgement(int seed, byte worst)
    {
        var random = new Random(seed);
        FactMessage[] messages =
        [
            Found(C, 0), Found(C, 1), Found(C, 0, depth: VerificationDepth.Shallow), Found(C, 1, depth: VerificationDepth.Shallow),
            Found(C, worst % 2, (Finding)(worst % 6)),
        ];
        var once = After(Sealed(C), RunAt(1), messages);
        var deliveries = messages.Concat(messages).ToArray();
        random.Shuffle(deliveries);
        var anyhow = After(Sealed(C), RunAt(1), deliveries);
        Assert.Equal((once.Phase, Damage.Describe(once)), (anyhow.Phase, Damage.Describe(anyhow)));
        Assert.Equal(once.Shards.Values.Select(static shard => shard.Verified),
            anyhow.Shards.Values.Select(static shard => shard.Verified));
    }

    static readonly Comparer<ContentHash> ByText = Comparer<ContentHash>.Create(static (a, b) => string.CompareOrdinal(a.Hex, b.Hex));

    static Rank? RankOf(object e) => e switch { ShardDiffed d => d.Rank, ShardStored s => s.Rank, _ => null };
}
