using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Sanity;
using Lineage.Tests.Property.Runs;

namespace Lineage.Tests.Property.Sanity;

public sealed class SanityRulesTests
{
    static readonly RunId Run = RunId.Parse("demo");
    static readonly DateTimeOffset Noon = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_run_in_order_has_no_warning_and_says_what_it_cannot_know()
    {
        var report = Check([.. Enumerable.Range(1, 8).Select(static i => Facts(1, i * 10, i))]);
        var finding = Assert.Single(report.Findings);
        Assert.Equal(("random-state", FindingSeverity.Unknown), (finding.Rule, finding.Severity));
    }

    [Fact]
    public void A_step_that_goes_back_within_a_generation_is_found_and_one_after_a_recovery_is_not()
    {
        var found = Check([Facts(1, 10, 1), Facts(1, 30, 2), Facts(1, 20, 3), Facts(2, 20, 4)]);
        Assert.Equal(Id(1, 20), Only(found, "step-backwards").Checkpoint);
    }

    [Fact]
    public void Another_world_or_layout_needs_a_new_generation()
    {
        var grown = Facts(1, 20, 2, static c => c with { WorldSize = new WorldSize(4) });
        Assert.Equal(Id(1, 20), Only(Check([Facts(1, 10, 1), grown]), "world-changed").Checkpoint);
        Assert.Empty(Warnings(Check([Facts(1, 10, 1), grown with { Save = grown.Save with { Id = Id(2, 20) } }])));
        var reshaped = Facts(1, 20, 2, static c => c with { LayoutDigest = Given.Hash("other") });
        Assert.Equal(Id(1, 20), Only(Check([Facts(1, 10, 1), reshaped]), "layout-changed").Checkpoint);
    }

    [Fact]
    public void A_base_must_be_what_the_delta_says_it_is()
    {
        var full = Facts(1, 10, 1);
        SaveFacts Delta(ContentHash manifest, CheckpointId? on = null) => Facts(1, 20, 2, c => c with
        {
            Kind = CheckpointKind.Incremental,
            Base = new BaseLink(on ?? Id(1, 10), manifest, 0),
        });
        Assert.Empty(Warnings(Check([full, Delta(full.Save.ManifestHash!.Value)])));
        Assert.Contains("encoded against manifest", Only(Check([full, Delta(Given.Hash("another"))]), "base-digest").Detail,
            StringComparison.Ordinal);
        Assert.Equal("base-missing", Assert.Single(Warnings(Check([full, Delta(Given.Hash("x"), Id(1, 5))]))).Rule);
        Assert.Equal("base-later", Assert.Single(Warnings(Check(
            [Delta(Facts(1, 30, 3).Save.ManifestHash!.Value, Id(1, 30)), Facts(1, 30, 3)]))).Rule);
    }

    [Theory]
    [InlineData(2, false), InlineData(3, true), InlineData(6, true)]
    public void A_shard_without_any_change_for_several_saves_is_found(int saves, bool isFound)
    {
        var full = Facts(1, 1, 0);
        SaveFacts[] story = [full, .. Enumerable.Range(1, saves).Select(i => Frozen(i * 10, i, full)), Frozen(500, 50, full) with
        {
            UnchangedRanks = [],
        }];
        var found = Check(story).Findings.Where(static f => f.Rule == "unchanged").ToList();
        Assert.Equal(isFound ? 1 : 0, found.Count);
        if (isFound) Assert.Equal((Id(1, saves * 10), new Rank(1)), (found[0].Checkpoint!.Value, Assert.Single(found[0].Ranks)));
    }

    [Fact]
    public void A_missing_data_position_is_unknown_for_a_run_without_any_and_a_warning_for_one_that_has_some()
    {
        var without = Facts(1, 20, 2) with { Metrics = new Dictionary<string, double?>(StringComparer.Ordinal) };
        Assert.Equal(FindingSeverity.Unknown, Only(Check([without]), "data-position").Severity);
        var found = Only(Check([Facts(1, 10, 1), without]), "data-position");
        Assert.Equal((FindingSeverity.Warning, Id(1, 20)), (found.Severity, found.Checkpoint!.Value));
    }

    [Fact]
    public void A_save_that_is_abruptly_larger_or_slower_is_noted()
    {
        SaveFacts[] usual = [.. Enumerable.Range(1, 6).Select(static i => Facts(1, i * 10, i))];
        var larger = Facts(1, 70, 7, static c => c with { StoredBytes = c.StoredBytes * 4 });
        var slower = Facts(1, 80, 8, static c => c with { SealedAt = c.OpenedAt.AddSeconds(60) });
        var rules = Check([.. usual, larger, slower]).Findings.Where(static f => f.Severity == FindingSeverity.Note).ToList();
        Assert.Equal([("larger", Id(1, 70)), ("slower", Id(1, 80))], rules.Select(static f => (f.Rule, f.Checkpoint!.Value)));
    }

    static SaveFacts Frozen(long step, int at, SaveFacts full) => Facts(1, step, at, c => c with
    {
        Kind = CheckpointKind.Incremental,
        Base = new BaseLink(full.Save.Id, full.Save.ManifestHash!.Value, 0),
        BaseRootsDigest = full.Save.RootsDigest,
    }) with
    { UnchangedRanks = [new Rank(1)] };

    static SanityReport Check(SaveFacts[] saves) => SanityRules.Check(Run, saves, isWhole: true, static _ => null);

    static SanityFinding Only(SanityReport report, string rule) => Assert.Single(report.Findings, f => f.Rule == rule);

    static IEnumerable<SanityFinding> Warnings(SanityReport report) =>
        report.Findings.Where(static f => f.Severity == FindingSeverity.Warning);

    static SaveFacts Facts(long generation, long step, int at, Func<Candidate, Candidate>? change = null)
    {
        var (id, opened) = (Id(generation, step), Noon.AddMinutes(at));
        var save = new Candidate(
            id, CheckpointPhase.Verified, CheckpointKind.Full, Parent: null, Base: null, new WorldSize(2), Given.Hash("layout"),
            Given.Hash($"manifest {id}"), Given.Hash($"roots {id}"), BaseRootsDigest: null, [], 4_000, 1_000, opened,
            opened.AddMinutes(1), opened.AddSeconds(2), opened.AddSeconds(3), opened.AddSeconds(3), Cause: null);
        return new SaveFacts(
            change?.Invoke(save) ?? save,
            new Dictionary<string, double?>(StringComparer.Ordinal) { [MetricNames.DataSamples] = step * 32 }, []);
    }

    static CheckpointId Id(long generation, long step) => new(Run, new Generation(generation), new Step(step));
}
