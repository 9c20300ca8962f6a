using FsCheck.Xunit;

namespace Lineage.Tests.Property.House;

/// <summary>Ten thousand cases are ten thousand different ones: of FsCheck's own whole numbers nearly all are small.</summary>
public sealed class SoakTests
{
    static readonly (HashSet<int> Laws, HashSet<int> Properties) Drawn = ([], []);

    [Law]
    public void A_law_gets_another_seed_for_each_case(int seed) => Draw(Drawn.Laws, seed);

    [Property(MaxTest = 400)]
    public void So_does_every_property(int seed) => Draw(Drawn.Properties, seed);

    static void Draw(HashSet<int> drawn, int seed)
    {
        drawn.Add(seed);
        Assert.True(drawn.Count < 200 || drawn.Count(static s => Math.Abs((long)s) <= 1_000) < drawn.Count / 2, "the seeds are small");
    }
}
