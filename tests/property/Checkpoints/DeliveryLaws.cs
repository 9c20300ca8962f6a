using Lineage.Checkpoints;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Tests.Property.House;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Checkpoints;

/// <summary>
/// S9: any number of deliveries in any order gives the streams that exactly-once delivery gives. Several checkpoints and two generations
/// interleave, messages come late and again, in batches as the service gathers them, and ranks of the fallen generation go on talking.
/// </summary>
public sealed class DeliveryLaws
{
    static readonly CheckpointId[] Old = [Id(1, 10), Id(1, 20)];
    static readonly CheckpointId New = Id(2, 30);

    /// <summary>A message comes, or (null) the next generation is granted.</summary>
    sealed record Moment(FactMessage? Message);

    /// <summary>What ends up on record.</summary>
    sealed class Ledger(int worldSize)
    {
        public Dictionary<CheckpointId, List<object>> Streams { get; } =
            Old.Append(New).ToDictionary(static id => id, id => new List<object> { Opened(id, worldSize: worldSize) });

        public List<object> RunStream { get; } = [Registered(), Granted(1, worldSize: worldSize)];

        public void Grant() => RunStream.Add(Granted(2, Rival, worldSize));

        /// <summary>One decision, as for one append.</summary>
        public void Deliver(CheckpointId id, IEnumerable<FactMessage> messages)
        {
            var decided = CheckpointDecider.DecideAll(id, CheckpointOf([.. Streams[id]]), RunOf([.. RunStream]), messages, At(2));
            Streams[id].AddRange(decided.Events);
            RunStream.AddRange(decided.RunEvents);
        }
    }

    [Law]
    public void Duplicates_reordering_delay_and_zombies_leave_the_streams_of_exactly_once_delivery(int seed)
    {
        var random = new Random(seed);
        var worldSize = 1 + random.Next(3);
        var history = History(random, worldSize);

        var anyhow = new Ledger(worldSize);
        foreach (var batch in Batches(random, history)) Play(anyhow, batch);
        var once = new Ledger(worldSize);
        foreach (var moment in history.DistinctBy(static m => m.Message?.Id)) Play(once, [moment]);

        foreach (var (id, stream) in once.Streams) Assert.Equal(stream, anyhow.Streams[id]);
        Assert.Equal(
            once.RunStream.Select(Text).Order(StringComparer.Ordinal), anyhow.RunStream.Select(Text).Order(StringComparer.Ordinal));
        Assert.IsType<CheckpointSealed>(anyhow.Streams[New][^1]);                 // nothing fences the newest generation
        foreach (var id in Old) OnlyWhatItsRanksSaid(anyhow.Streams[id], id, worldSize);
    }

    /// <summary>Whatever zombies said, an old checkpoint holds what an undisturbed save would have put there, or a part of it.</summary>
    static void OnlyWhatItsRanksSaid(List<object> stream, CheckpointId id, int worldSize)
    {
        var undisturbed = new Ledger(worldSize);
        undisturbed.Deliver(id, Reports(id, worldSize));
        Assert.Subset(undisturbed.Streams[id].Select(Text).ToHashSet(StringComparer.Ordinal),
            stream.Select(Text).ToHashSet(StringComparer.Ordinal));
        Assert.Equal(stream.Count, stream.Select(Text).Distinct(StringComparer.Ordinal).Count());
    }

    static List<Moment> History(Random random, int worldSize)
    {
        var early = Copies(random, Old.SelectMany(id => Reports(id, worldSize)));
        var grant = random.Next(early.Count + 1);
        var late = early.Skip(grant).Concat(Copies(random, Reports(New, worldSize))).Concat(Copies(random, Zombies(random))).ToArray();
        random.Shuffle(late);
        return [.. early.Take(grant).Select(static m => new Moment(m)), new Moment(null), .. late.Select(static m => new Moment(m))];
    }

    static IEnumerable<FactMessage> Reports(CheckpointId id, int worldSize) =>
        Enumerable.Range(0, worldSize).SelectMany(rank => new FactMessage[] { Diff(id, rank), Stored(id, rank) });

    /// <summary>Ranks of the fallen generation that stored something else, or more, than they had said.</summary>
    static IEnumerable<FactMessage> Zombies(Random random) => Enumerable.Range(0, random.Next(3)).Select(n =>
        Stored(Old[random.Next(Old.Length)], 0) with { Id = MessageId.Derive("zombie", $"{n}"), Root = Hash($"zombie {n}") });

    /// <summary>Each one to three times, in any order.</summary>
    static List<FactMessage> Copies(Random random, IEnumerable<FactMessage> messages)
    {
        var copies = messages.SelectMany(m => Enumerable.Repeat(m, 1 + random.Next(3))).ToArray();
        random.Shuffle(copies);
        return [.. copies];
    }

    static IEnumerable<Moment[]> Batches(Random random, List<Moment> history)
    {
        for (var at = 0; at < history.Count;)
        {
            var grant = history.FindIndex(at, static m => m.Message is null);
            var until = Math.Min(history.Count, at + 1 + random.Next(6));
            if (grant >= at && grant < until) until = grant == at ? at + 1 : grant;   // a grant is a transaction of its own
            yield return [.. history.Skip(at).Take(until - at)];
            at = until;
        }
    }

    static void Play(Ledger ledger, Moment[] batch)
    {
        if (batch is [{ Message: null }]) ledger.Grant();
        else foreach (var group in batch.Select(static m => m.Message!).GroupBy(static m => m.Checkpoint)) ledger.Deliver(group.Key, group);
    }

    static string Text(object e) => $"{e.GetType().Name} {CanonicalJson.Digest(e)}";
}
