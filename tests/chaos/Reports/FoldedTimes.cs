using FsCheck;
using FsCheck.Xunit;
using Lineage.ChaosHarness.Reports;

namespace Lineage.Tests.Chaos.Reports;

/// <summary>However long nothing happens, a later moment is never drawn before an earlier one.</summary>
public sealed class FoldedTimes
{
    [Property(MaxTest = 300)]
    public void Order_is_kept_and_both_ends_are_where_they_belong(NonNegativeInt[] moments)
    {
        var all = moments.Select(static one => (long)one.Get * one.Get).ToList();
        var time = new FoldedTime(all);
        var places = all.Order().Select(time.Place).ToList();

        Assert.Equal(places.Order(), places);
        Assert.All(places, static place => Assert.InRange(place, 0, 1));
        Assert.Equal(0, time.Place(0));
        if (all.Exists(static one => one > 0)) Assert.Equal(1, time.Place(all.Max()));
    }

    [Fact]
    public void A_long_wait_takes_less_room_than_it_lasted_and_a_short_one_all_of_it()
    {
        var time = new FoldedTime([10, 20, 5_000, 5_010]);
        Assert.True(time.IsFolded);
        Assert.Equal(time.Place(20) - time.Place(10), time.Place(5_010) - time.Place(5_000), precision: 9);
        Assert.True(time.Place(5_000) - time.Place(20) < 0.9);
        Assert.InRange(time.Place(2_500), time.Place(20), time.Place(5_000));
    }
}
