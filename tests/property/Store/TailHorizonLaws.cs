using Lineage.Store;
using Lineage.Tests.Property.House;

namespace Lineage.Tests.Property.Store;

/// <summary>A tail sees every number that is committed, once and in order, however transactions overlap.</summary>
public sealed class TailHorizonLaws
{
    /// <summary>Found by the simulator: the older transaction drew the higher number and was over first. Asking only whether that
    /// one was older than all under way let the tail pass the lower number for ever.</summary>
    [Fact]
    public void A_number_of_a_younger_transaction_that_is_still_to_come_is_waited_for()
    {
        var horizon = new TailHorizon();
        Assert.Equal(0, horizon.Reach(last: 2, oldest: 8, next: 9));   // 7 drew 2 and is over; 8 drew 1 and is under way
        Assert.Equal(2, horizon.Reach(last: 2, oldest: 9, next: 9));
    }

    [Fact]
    public void What_is_over_is_seen_at_once_if_nothing_is_under_way()
    {
        var horizon = new TailHorizon();
        Assert.Equal(5, horizon.Reach(last: 5, oldest: 9, next: 9));
        Assert.Equal(5, horizon.Reach(last: 6, oldest: 9, next: 10));
        Assert.Equal(6, horizon.Reach(last: 7, oldest: 10, next: 11));   // 9 is over, and with it all that held a number up to 6
    }

    [Fact]
    public void Marks_are_bounded_and_a_tail_goes_on_when_they_were_full()
    {
        var horizon = new TailHorizon();
        for (var i = 1; i <= 1_000; i++) Assert.Equal(0, horizon.Reach(last: i, oldest: 1, next: i + 1));
        Assert.InRange(horizon.Reach(last: 1_000, oldest: 2_000, next: 2_000), 1, 1_000);
        Assert.Equal(1_000, horizon.Reach(last: 1_000, oldest: 2_000, next: 2_000));
    }

    [Law]
    public void A_tail_sees_every_committed_number_once_and_in_order(int seed)
    {
        var random = new Random(seed);
        var horizon = new TailHorizon();
        List<(long Number, List<long> Drawn)> open = [];
        SortedSet<long> visible = [];
        List<long> seen = [];
        var (begun, last) = (0L, 0L);
        void Look()
        {
            var reach = horizon.Reach(last, open.Count == 0 ? begun + 1 : open[0].Number, begun + 1);
            seen.AddRange(visible.Where(number => number > seen.LastOrDefault() && number <= reach));
        }

        for (var i = 0; i < 200; i++)
        {
            var at = open.Count == 0 ? -1 : random.Next(open.Count);
            switch (random.Next(5))
            {
                case 0: open.Add((++begun, [])); break;
                case 1 or 2 when at >= 0: open[at].Drawn.Add(++last); break;
                case 3 when at >= 0:
                    if (random.Next(4) > 0) visible.UnionWith(open[at].Drawn);   // else rolled back: its numbers stay holes
                    open.RemoveAt(at);
                    break;
                default: Look(); break;
            }
        }

        foreach (var (_, drawn) in open) visible.UnionWith(drawn);
        open.Clear();
        Look();
        Assert.Equal(visible, seen);
    }
}
