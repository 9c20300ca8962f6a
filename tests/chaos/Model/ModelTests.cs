using CsCheck;
using Xunit.Abstractions;

namespace Lineage.Tests.Chaos.Model;

public sealed class ModelTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_interleaving_keeps_every_invariant_and_production_takes_every_step_alike()
    {
        var report = ProtocolSpec.Create().ConformExhaustive(
            static () => new Production(), Conformance.Apply, output.WriteLine, clone: static p => p.Clone());
        Assert.True(report.Closed);
        Assert.Empty(report.NeverTriggered);
        Assert.Empty(report.NeverFired);
        Assert.Equal(report.Transitions, report.ConformedTransitions);
    }

    [Fact]
    public void Every_defect_of_the_protocol_is_found_by_the_requirement_that_is_meant_to()
    {
        var report = Defects.Plant(ProtocolSpec.Create()).Faults(output.WriteLine, throwOnUncaught: false);
        Assert.All(Defects.All, defect => Assert.Equal((defect.Name, defect.Breaks), (defect.Name, report.CaughtBy(defect.Name))));
        Assert.Empty(report.Inconclusive);
        Assert.Empty(report.Unexercised);
    }

    public static IEnumerable<object[]> Faulty => FaultyProduction.All.Keys.Select(static name => new object[] { name });

    [Theory, MemberData(nameof(Faulty))]
    public void A_production_with_one_thing_wrong_is_told_apart(string name)
    {
        var found = Assert.Throws<CsCheckException>(() => ProtocolSpec.Create().ConformExhaustive(
            FaultyProduction.All[name], Conformance.Apply, clone: static p => p.Clone()));
        output.WriteLine(found.Message);
    }
}
