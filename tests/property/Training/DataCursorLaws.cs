using FsCheck.Xunit;
using Lineage.Agents.Training;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Training;

public sealed class DataCursorLaws
{
    [Property(MaxTest = 200)]
    public bool An_epoch_visits_every_sample_exactly_once(long seed, ushort samplesSeed, byte epoch)
    {
        var samples = 1 + (samplesSeed % 900);
        var visited = Enumerable.Range(0, samples).Select(i => SampleOrder.At(seed, epoch, samples, i));

        return visited.Order().SequenceEqual(Enumerable.Range(0, samples).Select(static s => (long)s));
    }

    [Property(MaxTest = 200)]
    public bool All_ranks_together_consume_each_sample_exactly_once_per_epoch(long seed, ushort samplesSeed, byte worldSeed)
    {
        var world = 1 + (worldSeed % 7);
        var draws = 1 + (samplesSeed % 60);
        var samples = draws * world;                       // so that the ranks end an epoch together
        var drawn = Enumerable.Range(0, world).SelectMany(rank => Draw(Start(seed, samples, rank, world), draws).Samples);

        return drawn.Order().SequenceEqual(Enumerable.Range(0, samples).Select(static s => (long)s));
    }

    [Property(MaxTest = 200)]
    public bool A_cursor_put_back_anywhere_continues_as_if_never_interrupted(
        long seed, ushort samplesSeed, byte worldSeed, byte at, byte more)
    {
        var world = 1 + (worldSeed % 7);
        var start = Start(seed, 1 + (samplesSeed % 500), worldSeed % world, world);
        var (before, cursor) = Draw(start, at);
        var restored = start with { Consumed = cursor.Consumed };

        return before.Concat(Draw(restored, more).Samples).SequenceEqual(Draw(start, at + more).Samples);
    }

    [Fact]
    public void The_order_depends_on_the_seed_and_on_the_epoch()
    {
        Assert.NotEqual(Epoch(seed: 1, epoch: 0), Epoch(seed: 2, epoch: 0));
        Assert.NotEqual(Epoch(seed: 1, epoch: 0), Epoch(seed: 1, epoch: 1));

        static long[] Epoch(long seed, long epoch) => [.. Enumerable.Range(0, 100).Select(i => SampleOrder.At(seed, epoch, 100, i))];
    }

    static DataCursor Start(long seed, long samples, int rank, int world) =>
        new(seed, samples, new Rank(rank), new WorldSize(world), Consumed: 0);

    static (List<long> Samples, DataCursor Cursor) Draw(DataCursor cursor, int count)
    {
        var samples = new List<long>();
        for (var i = 0; i < count; i++)
        {
            (var sample, cursor) = cursor.Draw();
            samples.Add(sample);
        }

        return (samples, cursor);
    }
}
