using Lineage.ChaosHarness.Exchange;
using Lineage.ChaosHarness.Histories;
using Lineage.Tests.Property.House;

namespace Lineage.Tests.Property.Chaos;

/// <summary>Scenario files, the experiments of others, and tables that are generated.</summary>
public sealed class ExchangeTests
{
    const string Zombie = """
        profile: zombie
        seed: 7
        world: { ranks: 3 }
        operations: [{ save: 10 }, { save: 20 }]
        faults:
          - { kind: zombie-rank, target: "rank:2", when: { event: shard-stored.v1, nth: 2 }, until: { afterMs: 40000 } }
        bounds: { healWithinMs: 60000, verifiedMin: 1 }
        """;

    [Fact]
    public void A_scenario_is_a_schedule()
    {
        var schedule = ScenarioFile.Parse(Zombie);

        Assert.Equal(new ScheduledWorld(3, 1, 1, 2), schedule.World);
        Assert.Equal([new Operation(1, OperationKind.Save, 10), new Operation(2, OperationKind.Save, 20)], schedule.Operations);
        Assert.Equal(
            new ScheduledFault(1, "zombie-rank", "rank:2", new FaultTrigger("shard-stored.v1", 2, 0), new FaultTrigger(null, 1, 40_000), 0),
            Assert.Single(schedule.Faults));
        Assert.Equal(schedule.Digest(), Schedule.Parse(schedule.ToJson()).Digest());
    }

    [Theory]
    [InlineData("seed: 7\nworld: { ranks: 3 }\nsede: 8", "Line 3", "\"sede\" is not known here")]
    [InlineData("seed: 7\nseed: 8\nworld: { ranks: 3 }", "Line 2", "there twice")]
    [InlineData("seed: 7", "Line 1", "\"world\" is missing")]
    [InlineData("seed: 7\nworld: { ranks: 0 }", "Line 2", "[1-4096]")]
    [InlineData("seed: &a 7\nworld: { ranks: *a }", "Line 1", "anchors and tags are not taken")]
    [InlineData("seed: 7\nworld: !!python { ranks: 1 }", "Line 2", "anchors and tags")]
    [InlineData("seed: 7\nworld: { ranks: 1 }\nfaults:\n  - { kind: meteor, target: x, when: {} }", "Line 4", "no fault of the catalogue")]
    [InlineData("seed: 7\nworld: { ranks: 1 }\noperations: [{ jump: 3 }]", "Line 3", "an operation is one of")]
    [InlineData("seed: [", "Line", "no YAML")]
    [InlineData("seed: 7\n---\nseed: 8", "Line", "")]
    [InlineData("", "", "the file is empty")]
    public void What_is_no_scenario_is_refused_with_its_line(string yaml, string line, string what)
    {
        var refused = Assert.Throws<ScenarioException>(() => ScenarioFile.Parse(yaml));
        Assert.Contains(line, refused.Message, StringComparison.Ordinal);
        Assert.Contains(what, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_too_long_or_too_deep_is_refused_before_it_is_built()
    {
        Assert.Contains("at most", Assert.Throws<ScenarioException>(() => ScenarioFile.Parse(new string(' ', 300_000))).Message,
            StringComparison.Ordinal);
        var deep = $"seed: {new string('[', 200)}{new string(']', 200)}";
        Assert.Contains("levels", Assert.Throws<ScenarioException>(() => ScenarioFile.Parse(deep)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_exported_schedule_comes_back_whole()
    {
        var schedule = ScenarioFile.Parse(Zombie);
        var back = ChaosToolkit.Import(ChaosToolkit.Export(schedule));

        Assert.Equal(schedule.Digest(), back.Schedule.Digest());
        Assert.Empty(back.Lost);
    }

    [Fact]
    public void Of_somebody_elses_experiment_what_is_known_is_taken_and_the_rest_is_named()
    {
        var imported = ChaosToolkit.Import("""
            {"title": "t", "steady-state-hypothesis": {"title": "up", "probes": []}, "method": [
              {"type": "action", "name": "kill", "provider": {"type": "python", "module": "m", "func": "rank_kill",
                  "arguments": {"target": "rank:1"}}, "pauses": {"after": 2}},
              {"type": "action", "name": "disk full", "provider": {"type": "process", "path": "dd"}},
              {"type": "probe", "name": "ask", "provider": {"type": "http", "url": "http://x"}}]}
            """);

        Assert.Equal(["rank-kill", "disk-full"], imported.Schedule.Faults.Select(static one => one.Kind), StringComparer.Ordinal);
        Assert.Equal([0L, 2_000L], imported.Schedule.Faults.Select(static one => one.When.AfterMs));
        Assert.Equal("rank:1", imported.Schedule.Faults[0].Target);
        Assert.Contains(imported.Lost, static one => one.StartsWith("steady-state-hypothesis", StringComparison.Ordinal));
        Assert.Contains(imported.Lost, static one => one.Contains("\"ask\"", StringComparison.Ordinal));
        Assert.Throws<ScenarioException>(() => ChaosToolkit.Import("[]"));
        Assert.Throws<ScenarioException>(() => ChaosToolkit.Import("{\"method\": []}"));
    }

    [Fact]
    public void The_catalogue_has_a_hundred_faults_each_named_once_and_threatening_something()
    {
        Assert.True(FaultCatalogue.All.Length >= 100);
        Assert.Equal(FaultCatalogue.All.Length, FaultCatalogue.All.Select(static one => one.Kind).Distinct(StringComparer.Ordinal).Count());
        Assert.All(FaultCatalogue.All, static one => Assert.All(
            one.Threatens.Split(' '), static id => Assert.Contains(ChaosHarness.Checkers.Promises.All, known => known.Id == id)));
    }

    [Fact]
    public void The_table_and_the_schema_in_the_docs_are_current()
    {
        var path = Path.Combine(Repository.Root, "docs", "CHAOS.md");
        if (string.Equals(Environment.GetEnvironmentVariable("LINEAGE_GOLDEN"), "write", StringComparison.Ordinal)) WriteTable(path);
        var page = File.ReadAllText(path);
        Assert.Contains(FaultCatalogue.Table(), page, StringComparison.Ordinal);
        Assert.Contains(
            $"{FaultCatalogue.All.Length} entries, {FaultCatalogue.All.Count(static one => one.Runs)} of them with an injector", page,
            StringComparison.Ordinal);
        Assert.Equal(ScenarioSchema.Text(), File.ReadAllText(Path.Combine(Repository.Root, "docs", "schema", "scenario.schema.json")));
    }

    static void WriteTable(string path)
    {
        const string begin = "<!-- catalogue -->\n", end = "<!-- end -->";
        var page = File.ReadAllText(path);
        var (from, to) = (page.IndexOf(begin, StringComparison.Ordinal) + begin.Length, page.IndexOf(end, StringComparison.Ordinal));
        File.WriteAllText(path, string.Concat(page.AsSpan(0, from), FaultCatalogue.Table(), page.AsSpan(to)));
    }
}
