using System.Text.Json;
using System.Xml.Linq;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Reports;
using Lineage.Contracts.Identity;
using Lineage.Tests.Property.Saving;

namespace Lineage.Tests.Property.Chaos;

/// <summary>What a run leaves behind can be read by programs and by people, and no text of others becomes markup.</summary>
public sealed class ReportTests
{
    const string Hostile = "<script>alert(1)</script>\"&'";

    static readonly CheckpointId First = Made.Id(10);

    /// <summary>A planted error: a rank whose shard never came is sealed with, then restored as something else.</summary>
    public static Evidence Failing(string target = "rank:1") => new Made().Run().Train(1, 0).Train(1, 1).Open(First).Shard(First, 0)
        .Inject(1, "rank-kill", target).Seal(First).Verify(First).Recover(2, First)
        .Restore(2, First, 1, Made.Hash("torn")).Train(2, 0, 2).Train(2, 1, 2).Evidence();

    static ReportModel Model(Evidence evidence, string title = "planted: seal at one shard less") => new(
        title, "simulated", evidence, Judge.Examine(evidence), [new EnvironmentFact("kernel", "6.1")],
        [new SkippedCapability("network namespaces", "not permitted here", Required: false)],
        ["lineage chaos replay --seed 7", "lineage chaos run schedule.json"])
    {
        Mutants = [new MutantRow("seal-at-n-minus-1", "S2", ["S2"], 3, 1), new MutantRow("swallow-eio", "S1", [], null, null)],
        Throughput = new ThroughputFigures(5_200, 60, 231, 1, "1-5200", "sha256:ab"),
    };

    [Fact]
    public void Every_file_is_there_and_says_the_same_verdict()
    {
        using var folder = new TempDirectory();
        var model = Model(Failing());
        ReportWriter.Write(folder.Path, model);

        var read = VerdictDocument.Read(folder.Path);
        var junit = XDocument.Load(Path.Combine(folder.Path, "junit.xml")).Root!.Element("testsuite")!;
        var history = File.ReadAllLines(Path.Combine(folder.Path, "history.jsonl"));

        Assert.Equal(ChaosExit.Safety, read.ExitCode);
        Assert.Equal(model.Evidence!.Schedule.Digest(), Schedule.Parse(File.ReadAllBytes(Path.Combine(folder.Path, "schedule.json")))
            .Digest());
        Assert.Equal(   // with the defect that survived
            read.Invariants.Count(static one => one.Judgement == Judgement.Violated) + 1, (int)junit.Attribute("failures")!);
        Assert.Equal(29 + 2, junit.Elements("testcase").Count());
        Assert.Equal(model.Evidence.Journal.Count + model.Evidence.Streams.Sum(static one => one.Events.Count), history.Length);
        Assert.All(history, static line => JsonDocument.Parse(line).Dispose());
        Assert.Contains("**S2**", File.ReadAllText(Path.Combine(folder.Path, "summary.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_loads_nothing_and_escapes_what_came_from_outside()
    {
        using var folder = new TempDirectory();
        ReportWriter.Write(folder.Path, Model(Failing(target: Hostile), Hostile));
        var page = File.ReadAllText(Path.Combine(folder.Path, "report.html"));

        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("src=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", page, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
        Assert.Contains("<h4>Expected</h4>", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Exit_codes_put_distrust_before_the_verdict_and_vacuity_before_success()
    {
        var good = new Made().Run().Save(First).Judged();
        var liveness = new Made { AtRest = null }.Judged();
        var nothing = new Verdict([.. good.Invariants.Select(static one => one with { Judgement = Judgement.Never })]);

        Assert.Equal(ChaosExit.Valid, ChaosExit.Of(good, isHarnessFault: false, isMissing: false));
        Assert.Equal(ChaosExit.Safety, ChaosExit.Of(Judge.Examine(Failing()), isHarnessFault: false, isMissing: true));
        Assert.Equal(ChaosExit.Liveness, ChaosExit.Of(liveness, isHarnessFault: false, isMissing: false));
        Assert.Equal(ChaosExit.Harness, ChaosExit.Of(Judge.Examine(Failing()), isHarnessFault: true, isMissing: false));
        Assert.Equal(ChaosExit.Vacuous, ChaosExit.Of(nothing, isHarnessFault: false, isMissing: false));
        Assert.Equal(ChaosExit.MissingCapability, ChaosExit.Of(good, isHarnessFault: false, isMissing: true));
    }

    [Fact]
    public void A_directory_without_a_verdict_is_refused_by_name()
    {
        using var folder = new TempDirectory();
        Assert.Contains("no chaos run ended", Assert.Throws<FileNotFoundException>(() => VerdictDocument.Read(folder.Path)).Message,
            StringComparison.Ordinal);
    }
}
