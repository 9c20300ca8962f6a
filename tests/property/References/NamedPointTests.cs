using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.References;
using Lineage.Tests.Property.Restores;
using Lineage.Tests.Property.Runs;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.References;

/// <summary>Tags and the best by a metric.</summary>
public sealed class NamedPointTests
{
    static readonly Ledger Story = Saved();

    static Ledger Saved()
    {
        var ledger = new Ledger();
        foreach (var step in new[] { 10, 20, 30, 40 }) ledger.Save(Id(1, step));
        ledger.Save(Id(1, 50), verify: false);
        ledger.Do(Given.Found(Id(1, 40), 0, Contracts.Events.Finding.Altered, detail: "chunk 3"));
        return ledger;
    }

    static readonly NamedPoints Named = new(
        new Dictionary<string, CheckpointId>(StringComparer.Ordinal) { ["nightly"] = Id(1, 20), ["a"] = Id(1, 40) },
        new Dictionary<CheckpointId, IReadOnlyDictionary<string, double?>>
        {
            [Id(1, 10)] = Metrics(2.5, 0.5),
            [Id(1, 20)] = Metrics(1.5, 0.7),
            [Id(1, 30)] = Metrics(1.5, 0.7),
            [Id(1, 40)] = Metrics(0.1, 0.9),
            [Id(1, 50)] = Metrics(null, null),
        });

    static Dictionary<string, double?> Metrics(double? loss, double? accuracy) =>
        new(StringComparer.Ordinal) { ["loss"] = loss, ["accuracy"] = accuracy };

    static ReferenceAnswer Resolve(string text, History? history = null, NamedPoints? named = null) => ReferenceResolver.Resolve(
        Assert.IsType<ReferenceParse.Parsed>(ReferenceGrammar.Parse(text)).Reference, Demo, history ?? Story.ForWriting, named ?? Named);

    static CheckpointId? Found(ReferenceAnswer answer) => Assert.IsType<ReferenceAnswer.Found>(answer).Checkpoint;

    static string Refused(ReferenceAnswer answer, string code) =>
        Then.Refused(Assert.IsType<ReferenceAnswer.Refused>(answer).Refusal, code).Detail;

    [Fact]
    public void A_tag_names_what_it_was_placed_on_whatever_became_of_that()
    {
        Assert.Equal(Id(1, 20), Found(Resolve("demo:nightly")));
        Assert.Equal(Id(1, 40), Found(Resolve("demo:a")));
        Assert.Equal(Id(1, 10), Found(Resolve("demo:nightly~1")));
        Assert.Contains("there are a, nightly", Refused(Resolve("demo:weekly"), ProblemCodes.NoSuchTag), StringComparison.Ordinal);
        Assert.Contains("there is no tag", Refused(Resolve("demo:x", named: NamedPoints.None), ProblemCodes.NoSuchTag),
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_best_is_never_a_damaged_one_and_of_equal_ones_it_is_the_newest()
    {
        Assert.Equal(Id(1, 30), Found(Resolve("demo:best(loss)")));
        Assert.Equal(Id(1, 30), Found(Resolve("demo:best(loss,min)")));
        Assert.Equal(Id(1, 10), Found(Resolve("demo:best(loss,max)")));
        Assert.Equal(Id(1, 30), Found(Resolve("demo:best(accuracy,max)")));
        Assert.Equal(Id(1, 20), Found(Resolve("demo:best(accuracy,max)~1")));
    }

    [Fact]
    public void Without_such_a_metric_the_answer_says_which_there_are()
    {
        Assert.Contains("there are accuracy, loss", Refused(Resolve("demo:best(los)"), ProblemCodes.NoSuchMetric),
            StringComparison.Ordinal);
        Refused(Resolve("demo:best(loss)", named: NamedPoints.None), ProblemCodes.NoSuchMetric);
        Refused(Resolve("demo:best(loss)", HistoryOf(1, Sealed(Id(1, 50)))), ProblemCodes.NoSuchCheckpoint);
    }
}
