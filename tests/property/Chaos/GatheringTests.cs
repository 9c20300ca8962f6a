using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Mutants;
using Lineage.ChaosHarness.Reports;
using Lineage.Tests.Property.Saving;

namespace Lineage.Tests.Property.Chaos;

/// <summary>Several runs under one verdict, and two runs beside each other.</summary>
public sealed class GatheringTests
{
    static VerdictDocument Document(Evidence evidence, params ScenarioRow[] scenarios) => VerdictDocument.Of(new ReportModel(
        "a part", "simulated", evidence, Judge.Examine(evidence), [], [], [])
    {
        Scenarios = scenarios,
    });

    static VerdictDocument Good(params ScenarioRow[] scenarios) => Document(new Made().Run().Save(Made.Id(10)).Evidence(), scenarios);

    static int Exit(params GatheredPart[] parts) => Gathering.Model(parts, "all", seed: 1, "again").ExitCode;

    [Fact]
    public void The_exit_code_is_the_worst_and_distrust_outweighs_a_verdict()
    {
        var valid = new GatheredPart("sim", ChaosExit.Valid, 1, Good());
        var broken = new GatheredPart("run", ChaosExit.Safety, 1, Document(ReportTests.Failing()));
        var skipped = new GatheredPart("power-loss", ChaosExit.MissingCapability, 0, Verdict: null);
        var distrusted = new GatheredPart("mutants", ChaosExit.Harness, 1, Verdict: null);
        var killed = new GatheredPart("sweep", 137, 1, Verdict: null);

        Assert.Equal(ChaosExit.Valid, Exit(valid));
        Assert.Equal(ChaosExit.MissingCapability, Exit(valid, skipped));
        Assert.Equal(ChaosExit.Safety, Exit(valid, skipped, broken));
        Assert.Equal(ChaosExit.Harness, Exit(valid, skipped, broken, distrusted));
        Assert.Equal(ChaosExit.Harness, Exit(valid, killed));
        Assert.Equal(ChaosExit.Safety, Exit(valid, broken with { Verdict = null }));   // broken, and no report that says how
    }

    [Fact]
    public void A_gathered_report_names_every_part_and_adds_up_what_was_triggered()
    {
        using var folder = new TempDirectory();
        var part = new GatheredPart("sim", ChaosExit.Valid, 61, Good());
        ReportWriter.Write(folder.Path, Gathering.Model([part, part with { Name = "other" }], "all", seed: 7, "again"));

        var read = VerdictDocument.Read(folder.Path);
        Assert.Equal("sim other", string.Join(' ', read.Scenarios!.Select(static one => one.Name)));
        Assert.Equal("sim/report.html", read.Scenarios![0].Link);
        foreach (var (sum, one) in read.Invariants.Zip(part.Verdict!.Invariants)) Assert.Equal(2 * one.Triggered, sum.Triggered);
        Assert.False(File.Exists(Path.Combine(folder.Path, "history.jsonl")));   // there is not one history
        var page = File.ReadAllText(Path.Combine(folder.Path, "report.html"));
        Assert.Contains("<a href=\"sim/report.html\">", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_scenario_that_was_valid_and_is_not_any_more_makes_the_later_run_worse()
    {
        var before = Good(new ScenarioRow("disk-full", "valid", 1, null));
        var after = Good(new ScenarioRow("disk-full", "violated", 1, "why"));

        var change = Assert.Single(VerdictChanges.Of(before, after).Others);
        Assert.Equal(new NamedChange("scenario", "disk-full", "valid", "violated", IsWorse: true), change);
        Assert.False(VerdictChanges.Of(after, before).IsWorse);
        Assert.Equal("gone", Assert.Single(VerdictChanges.Of(before, Good()).Others).After);
    }

    [Fact]
    public void A_defect_that_survives_makes_the_judge_distrusted_and_its_promise_unknown()
    {
        var found = new MutantOutcome("seal-early", "S2", IsOfModel: false, "why", "S2", IsByIntended: true, 2, 1, 1, 0, null, "what");
        found = found with { Broke = ["S2"] };
        var survivor = new MutantOutcome(
            "swallow-eio", "S1", IsOfModel: true, "why", null, IsByIntended: false, 9, null, null, null, null, null);
        var model = MutantReports.Model(MutantReport.Of([found, survivor], canaryFailed: true, 1), seed: 1, "again");

        Assert.Equal(ChaosExit.Harness, model.ExitCode);
        Assert.Contains("swallow-eio", model.HarnessFault, StringComparison.Ordinal);
        Assert.Equal(Judgement.Unknown, model.Verdict.Invariants.First(static one => one.Id == "S1").Judgement);
        Assert.Equal(Judgement.Valid, model.Verdict.Invariants.First(static one => one.Id == "S2").Judgement);
        Assert.Equal(
            ChaosExit.Valid,
            MutantReports.Model(MutantReport.Of([found], canaryFailed: true, 1), seed: 1, "again").ExitCode);
        Assert.Equal(
            ChaosExit.Harness,
            MutantReports.Model(MutantReport.Of([found], canaryFailed: false, 1), seed: 1, "again").ExitCode);
    }

    [Fact]
    public void Words_of_a_command_survive_a_shell() =>
        Assert.EndsWith(
            " chaos replay --schedule 'a folder/it'\\''s.json' ''",
            CommandText.Of("chaos", "replay", "--schedule", "a folder/it's.json", ""), StringComparison.Ordinal);
}
