using CsCheck;
using Xunit.Abstractions;

namespace Lineage.Tests.Chaos.Model;

public sealed class ModelTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_interleaving_keeps_every_invariant_and_production_takes_every_step_alike()
    {
        output.WriteLine(Explored.Value.Told);
        var report = Explored.Value.Report;
        Assert.True(report.Closed);
        Assert.Empty(report.NeverTriggered);
        Assert.Empty(report.NeverFired);
        Assert.Equal(report.Transitions, report.ConformedTransitions);
        Assert.True(report.States > 200_000, $"{report.States} states: the model has lost something");
    }

    [Fact]
    public void Every_defect_of_the_protocol_is_found_by_the_requirement_that_is_meant_to()
    {
        var report = Explored.Value.Faults;
        Assert.All(Defects.All, defect => Assert.Equal((defect.Name, defect.Breaks), (defect.Name, report.CaughtBy(defect.Name))));
        Assert.Empty(report.Inconclusive);
        Assert.Empty(report.Unexercised);
    }

    public static IEnumerable<object[]> Faulty => FaultyProduction.All.Select(static faulty => new object[] { faulty.Name });

    [Theory, MemberData(nameof(Faulty))]
    public void A_production_with_one_thing_wrong_is_told_apart(string name)
    {
        const int depthMax = 13;
        var faulty = FaultyProduction.All.Single(one => string.Equals(one.Name, name, StringComparison.Ordinal));
        var spec = ProtocolSpec.Create().Boundary(s => faulty.Twice ? s.Dead == 0 : s is { Dead: 0, Generation: 1, LeaseHeld: true });
        var found = Assert.Throws<CsCheckException>(() => spec.ConformExhaustive(
            faulty.Create, Conformance.Apply, maxDepth: faulty.Twice ? depthMax : int.MaxValue, clone: static p => p.Clone()));
        output.WriteLine(found.Message);
        Assert.Contains("Implementation diverged", found.Message, StringComparison.Ordinal);
        Assert.Contains(faulty.Says, found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_shows_what_was_explored()
    {
        var page = ModelPage.Read();
        var now = ModelPage.WithBlocks(page, Explored.Value);
        if (string.Equals(Environment.GetEnvironmentVariable("LINEAGE_GOLDEN"), "write", StringComparison.Ordinal))
        {
            ModelPage.Write(now);
            Assert.Fail("docs/chaos-model.md was written. Look at it, then run without LINEAGE_GOLDEN.");
        }

        Assert.True(page == now, "docs/chaos-model.md is out of date. Write its blocks with LINEAGE_GOLDEN=write and look at them.");
    }
}
