using Lineage.ChaosHarness.Mutants;

namespace Lineage.Tests.Chaos.Mutants;

public sealed class MutantHunt
{
    /// <summary>The whole table, as its user runs it: build, hunt, shrink.</summary>
    [Fact]
    public async Task Every_mutant_is_found_by_its_own_invariant_in_a_small_history_and_the_canary_fails()
    {
        using var report = await Report.OfAsync(TimeSpan.FromMinutes(20), "chaos", "mutants", "--json");
        var root = report.RootElement;
        var missed = root.GetProperty("matrix").EnumerateArray().Where(static one => !one.GetProperty("is_by_intended").GetBoolean())
            .Select(static one => one.ToString());
        Assert.Empty(missed);
        Assert.True(root.GetProperty("mutants").GetInt32() >= 25);
        Assert.Equal("failed", root.GetProperty("canary").GetString());
        Assert.InRange(root.GetProperty("median_ops").GetDouble(), 0, 5);
        Assert.InRange(root.GetProperty("median_faults").GetDouble(), 0, 2);
    }

    [Theory]
    [InlineData("""[{"name":"a","file":"x.cs","find":"a","replace":"b","invariant":"S1","why":"w"}]""", "{on}")]
    [InlineData("""[{"name":"a","file":"../x.cs","find":"a","replace":"{on}","invariant":"S1","why":"w"}]""", "below src")]
    [InlineData("""[{"name":"a","file":"x.cs","find":"","replace":"{on}","invariant":"S1","why":"w"}]""", "lacks")]
    [InlineData("""{"no":"list"}""", "no JSON list")]
    public void A_table_that_cannot_be_hunted_is_refused(string table, string because) =>
        Assert.Contains(
            because, Assert.Throws<MutantException>(() => Mutant.Table(System.Text.Encoding.UTF8.GetBytes(table))).Message,
            StringComparison.Ordinal);
}
