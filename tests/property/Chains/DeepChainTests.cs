using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Chains;

/// <summary>When a chain goes deeper, when it returns to the full checkpoint, and when a full one is due: tables of sizes.</summary>
public sealed class DeepChainTests
{
    static readonly SavePolicy Patient = new(FullEvery: 100);

    /// <summary>Saves 10, 20, 30 … of one run, as the policy plans them, each stored in so many bytes.</summary>
    static (IReadOnlyList<SaveBasis> Bases, History History) Saves(SavePolicy policy, params long[] sizes)
    {
        var story = new ChainStory(policy);
        foreach (var size in sizes) story.Save(size);
        return (story.Bases, story.History);
    }

    /// <summary>Depth of each save, 0 for a full one, by a digit each.</summary>
    static string Depths(SavePolicy policy, params long[] sizes) =>
        string.Concat(Saves(policy, sizes).Bases.Select(static basis => basis.Base is { } link ? link.Depth + 1 : 0));

    public static TheoryData<string, string, int?, long?, long[]> Rules => new()
    {
        { "large deltas stay a star", "01111", null, null, [1000, 700, 700, 700, 700] },
        { "the first delta has nothing to go by and is one of the star", "01", null, null, [1000, 10] },
        { "small deltas go deeper", "012345", null, null, [1000, 25, 25, 25, 25, 25] },
        { "at 20 % of the full one they still do", "012345", null, null, [1000, 199, 199, 199, 199, 199] },
        { "above 20 % they do not", "0111", null, null, [1000, 201, 201, 201] },
        { "below twice the full one in all; then the sum would not pay as one delta either", "0123450", null, null,
            [1000, 180, 180, 180, 180, 180, 1000] },
        { "a policy of 1 is a star whatever the sizes", "01111", 1, null, [1000, 5, 5, 5, 5] },
        { "at the policy's depth a delta on the full one begins the next chain", "01231231", 3, null,
            [1000, 25, 25, 25, 70, 25, 25, 1] },
        { "one burst does not end a chain", "01234", null, null, [1000, 25, 25, 600, 25] },
        { "two of three do", "0123411", null, null, [1000, 25, 25, 250, 250, 260, 25] },
        { "a delta that cost 93 % of the full one makes the next one full", "0101", null, null, [1000, 930, 1000, 500] },
        { "92 % still paid", "0111", null, null, [1000, 920, 920, 920] },
        { "in a chain too", "01230", null, null, [1000, 25, 25, 950, 1000] },
        { "within the restore budget a star", "0111", null, 1_800, [1000, 700, 700, 700] },
        { "past it full, and deltas of earlier full ones are remembered", "0100", null, 1_600, [1000, 700, 1000, 1000] },
        { "a budget below the full one makes all full", "0000", null, 900, [1000, 1000, 1000, 1000] },
        { "a chain goes on up to the budget, then full", "0123401", null, 1_100, [1000, 25, 25, 25, 25, 1000, 25] },
    };

    [Theory, MemberData(nameof(Rules))]
    public void Sizes_decide_between_star_chain_and_full(string rule, string depths, int? depthMax, long? budget, long[] sizes) =>
        Assert.Equal((rule, depths), (rule, Depths(Patient with { ChainDepthMax = depthMax, RestoreBytesMax = budget }, sizes)));

    [Fact]
    public void A_full_one_is_due_every_so_many_saves_in_a_chain_too() =>
        Assert.Equal("012301", Depths(new SavePolicy(FullEvery: 4), 1000, 5, 5, 5, 1000, 5));

    [Fact]
    public void A_quarantined_link_makes_all_above_it_unusable_and_the_newest_whole_one_is_the_base()
    {
        var (_, history) = Saves(Patient, 1000, 20, 20, 20, 20);
        Assert.Equal(Id(1, 50), Next(history).Base!.Checkpoint);
        Assert.Equal(Id(1, 20), Next(Hurt(history, Id(1, 30))).Base!.Checkpoint);
        Assert.Equal((Id(1, 10), 0), (Next(Hurt(history, Id(1, 20))).Base!.Checkpoint, Next(Hurt(history, Id(1, 20))).Base!.Depth));
        Assert.Equal(CheckpointKind.Full, Next(Hurt(history, Id(1, 10))).Kind);
    }

    [Fact]
    public void A_link_over_other_content_than_its_base_has_now_is_no_base()
    {
        var (_, history) = Saves(Patient, 1000, 20, 20, 20);
        Candidate Other(Candidate c) => c.Id == Id(1, 30) ? c with { ManifestHash = Hash("other") } : c;
        Assert.Equal(Id(1, 30), Next(history with { Candidates = [.. history.Candidates.Select(Other)] }).Base!.Checkpoint);
    }

    [Fact]
    public void What_is_off_the_history_is_no_base()
    {
        var (_, history) = Saves(Patient, 1000, 20, 20, 20);
        HistoryTurn[] turns = [new(new Generation(2), RecoveryPhase.Completed, HasChoice: true, Id(1, 20))];
        var turned = History.ForWriting(new Generation(2), history.Candidates, turns);
        var basis = BasePolicy.Plan(Patient, turned, Id(2, 25), Two, Layout);
        Assert.Equal((Id(1, 20), 1), (basis.Base!.Checkpoint, basis.Base.Depth));
    }

    [Fact]
    public void Every_plan_says_which_rule_fired_with_its_figures()
    {
        Assert.Equal("no full checkpoint is on the history", Why(Patient));
        Assert.Equal("on full demo/1/10: it has no delta yet", Why(Patient, 1000));
        Assert.Equal("on full demo/1/10: recent deltas take about 700 B, 70.0 % of it; chains go deeper up to 20.0 %",
            Why(Patient, 1000, 700));
        Assert.Equal(
            "on the newest link demo/1/30, 2 deltas above full demo/1/10: with one more of about 20 B the chain reads 1.0 KiB, below 2 "
            + "times the full one (1,000 B)", Why(Patient, 1000, 20, 30));
        Assert.Equal("deltas stopped paying: the last one took 950 B, 95.0 % of full demo/1/10 (1,000 B); worth it are up to 92.0 %",
            Why(Patient, 1000, 950));
        Assert.Equal("restoring a delta on full demo/1/10 would read about 1.7 KiB; the budget is 1.2 KiB",
            Why(Patient with { RestoreBytesMax = 1_200 }, 1000, 700));
        Assert.Equal("on full demo/1/10: the policy keeps every delta on a full one", Why(Patient with { ChainDepthMax = 1 }, 1000, 20));
        Assert.Equal("on full demo/1/10: the chain of demo/1/30 has 2 deltas, the policy allows 2",
            Why(Patient with { ChainDepthMax = 2 }, 1000, 20, 20));
        Assert.Equal("3 saves since full demo/1/10; one is due every 4", Why(new SavePolicy(FullEvery: 4), 1000, 700, 700, 700));
    }

    [Theory]
    [InlineData(0, null, "chainDepthMax is 0; allowed are 1-50 deltas.")]
    [InlineData(51, null, "chainDepthMax is 51; allowed are 1-50 deltas.")]
    [InlineData(null, 0L, "restoreBytesMax is 0; allowed are 1-2^53 bytes.")]
    [InlineData(50, 1L, null)]
    [InlineData(null, null, null)]
    public void Policies_that_cannot_be_followed_are_refused(int? depth, long? budget, string? objection) =>
        Assert.Equal(objection, new SavePolicy(ChainDepthMax: depth, RestoreBytesMax: budget).Objection());

    [Theory]
    [InlineData(null, null, "")]
    [InlineData(20, null, "\"chainDepthMax\":20,")]
    [InlineData(1, 5L, "\"chainDepthMax\":1,")]
    public void Members_that_came_later_are_written_only_when_set_so_that_old_digests_hold(int? depth, long? budget, string chain)
    {
        var policy = new SavePolicy(ChainDepthMax: depth, RestoreBytesMax: budget);
        var text = System.Text.Encoding.UTF8.GetString(CanonicalJson.Write(policy));
        var bound = budget is null ? "" : $"\"restoreBytesMax\":{budget},";
        Assert.Equal($"{{{chain}\"copies\":1,\"fullEvery\":8,\"leaseSeconds\":30,{bound}\"saveDeadlineSeconds\":60}}", text);
        Assert.Equal(policy, System.Text.Json.JsonSerializer.Deserialize<SavePolicy>(text, CanonicalJson.Options));
    }

    static string Why(SavePolicy policy, params long[] sizes) => Next(Saves(policy, sizes).History, policy).Why;

    static SaveBasis Next(History history, SavePolicy? policy = null) =>
        BasePolicy.Plan(policy ?? Patient, history, Id(1, 1_000), Two, Layout);

    static History Hurt(History history, CheckpointId id) => history with
    {
        Candidates = [.. history.Candidates.Select(c => c.Id == id ? c with { Phase = CheckpointPhase.Quarantined, Cause = "hurt" } : c)],
    };
}
