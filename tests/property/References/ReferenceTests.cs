using FsCheck.Xunit;
using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.References;
using Lineage.Tests.Property.Restores;
using Lineage.Tests.Property.Runs;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.References;

public sealed class ReferenceTests
{
    static Reference Parse(string text) => Assert.IsType<ReferenceParse.Parsed>(ReferenceGrammar.Parse(text)).Reference;

    static ReferenceAnswer Resolve(string text, History history) => ReferenceResolver.Resolve(Parse(text), Demo, history);

    static CheckpointId? Found(string text, History history) => Assert.IsType<ReferenceAnswer.Found>(Resolve(text, history)).Checkpoint;

    static string Refused(ReferenceAnswer answer, string code) =>
        Then.Refused(Assert.IsType<ReferenceAnswer.Refused>(answer).Refusal, code).Detail;

    [Fact]
    public void Every_supported_form_is_read()
    {
        Assert.Equal(new Reference.WholeRun("demo"), Parse("demo"));
        Assert.Equal(new Reference.AtStep("demo", new Step(120)), Parse("demo@120"));
        Assert.Equal(new Reference.Latest("demo"), Parse("demo:latest"));
        Assert.Equal(new Reference.LatestVerified("demo"), Parse("demo:latest-verified"));
        Assert.Equal(new Reference.Exact("demo", new Generation(3), new Step(120)), Parse("demo/3/120"));
        Assert.Equal(new Reference.Ancestor(new Reference.AtStep("demo", new Step(120)), 3), Parse("demo@120~3"));
        Assert.Equal(new Reference.Ancestor(new Reference.WholeRun("demo"), 4), Parse("demo~~3"));
        Assert.Equal(new Reference.Latest("demo"), Parse("demo:latest~0"));
        Assert.Equal(new Reference.Tagged("demo", "v1.0"), Parse("demo:v1.0"));
        Assert.Equal(new Reference.Best("demo", "val_loss", MetricOrder.LowerIsBetter), Parse("demo:best(val_loss)"));
        Assert.Equal(new Reference.Best("demo", "eval/acc", MetricOrder.HigherIsBetter), Parse("demo:best(eval/acc,max)"));
        Assert.Equal(new Reference.Ancestor(new Reference.Tagged("demo", "nightly"), 2), Parse("demo:nightly~2"));
    }

    [Theory]
    [InlineData("demo@{2026-11-23T10:00Z}"), InlineData("demo@10..demo@20"),
        InlineData("demo..other")]
    public void A_form_that_is_not_built_is_refused_naming_those_that_are(string text)
    {
        var refused = Then.Refused(Assert.IsType<ReferenceParse.Refused>(ReferenceGrammar.Parse(text)).Refusal, ProblemCodes.BadReference);
        Assert.Contains(ReferenceGrammar.Supported, refused.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(""), InlineData("Demo"), InlineData("demo@"), InlineData("demo@-1"), InlineData("demo@007"), InlineData("demo/1"),
        InlineData("demo/1/2/3"),
     InlineData("demo:best"), InlineData("demo:best("), InlineData("demo:best()"), InlineData("demo:best(a,b)"),
     InlineData("demo:best(a,max,min)"), InlineData("demo:Nightly"), InlineData("demo:"), InlineData("demo:a:b"),
     InlineData("demo~x"), InlineData("demo~100001"), InlineData("demo~100000~1"),
     InlineData("@5"), InlineData("demo@99999999999999999999"), InlineData("../etc/passwd")]
    public void Anything_else_is_refused_with_what_was_expected(string text) =>
        Then.Refused(Assert.IsType<ReferenceParse.Refused>(ReferenceGrammar.Parse(text)).Refusal, ProblemCodes.BadReference);

    [Property(MaxTest = 500)]
    public void No_text_is_too_odd_to_be_answered(string? text) => Assert.NotNull(ReferenceGrammar.Parse(text ?? ""));

    [Fact]
    public void A_run_is_found_by_its_id_or_by_a_prefix_that_no_other_shares()
    {
        RunId[] runs = [RunId.Parse("demo"), RunId.Parse("demo-2"), RunId.Parse("other")];
        Assert.Equal(new ReferenceAnswer.Found(runs[0], null), ReferenceResolver.Run("demo", runs));
        Assert.Equal(new ReferenceAnswer.Found(runs[2], null), ReferenceResolver.Run("o", runs));
        Refused(ReferenceResolver.Run("x", runs), ProblemCodes.NoSuchRun);
        Assert.Contains("demo, demo-2", Refused(ReferenceResolver.Run("dem", runs), ProblemCodes.AmbiguousReference),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Checkpoints_are_found_on_the_history()
    {
        var ledger = new Ledger();
        ledger.Save(Id(1, 10));
        ledger.Save(Id(1, 20));
        ledger.Save(Id(1, 30), verify: false);
        var history = ledger.ForWriting;
        Assert.Null(Found("demo", history));
        Assert.Equal(Id(1, 20), Found("demo@20", history));
        Assert.Equal(Id(1, 30), Found("demo:latest", history));
        Assert.Equal(Id(1, 20), Found("demo:latest-verified", history));
        Assert.Equal(Id(1, 10), Found("demo~2", history));
        Assert.Equal(Id(1, 10), Found("demo/1/10", history));
        Assert.Contains("step 20 and step 30", Refused(Resolve("demo@25", history), ProblemCodes.NoSuchCheckpoint),
            StringComparison.Ordinal);
        Refused(Resolve("demo~3", history), ProblemCodes.NoSuchCheckpoint);
        Refused(Resolve("demo/2/10", history), ProblemCodes.NoSuchCheckpoint);
    }

    [Fact]
    public void Where_nothing_fits_the_answer_says_what_there_is()
    {
        Refused(Resolve("demo:latest", HistoryOf(1)), ProblemCodes.NoSuchCheckpoint);
        var detail = Refused(Resolve("demo:latest-verified", HistoryOf(1, Quarantined(Id(1, 10)))), ProblemCodes.NoRestorePoint);
        Assert.Contains("demo/1/10: quarantined: rank 1's shard is altered", detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_that_only_lost_generations_wrote_is_found_when_one_did_and_ambiguous_when_several_did()
    {
        Candidate[] off = [Candidate.Of(Sealed(Id(2, 50))), Candidate.Of(Sealed(Id(1, 50))), Candidate.Of(Sealed(Id(1, 40)))];
        var history = HistoryOf(3) with { Off = off };
        Assert.Equal(Id(1, 40), Found("demo@40", history));
        Assert.Contains("demo/2/50, demo/1/50", Refused(Resolve("demo@50", history), ProblemCodes.AmbiguousReference),
            StringComparison.Ordinal);
    }
}
