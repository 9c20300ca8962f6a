using FsCheck.Xunit;
using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Chains;

/// <summary>What holds of every plan, whatever was saved before it: sizes, failed saves, damage, other layouts and worlds.</summary>
public sealed class ChainLaws
{
    /// <summary>One save per byte: the low bits say what becomes of it, the high ones how large it is.</summary>
    static void Play(byte[] story, byte shape, Action<ChainStory, SaveBasis> judge)
    {
        var policy = PolicyOf(shape);
        var saves = new ChainStory(policy);
        foreach (var act in story)
        {
            var (world, layout) = (act % 32 == 0 ? 3 : 2, act % 32 == 1 ? Hash("other") : Layout);
            judge(saves, saves.Plan(layout, world));
            saves.Save(Sizes[act / 16], act % 16 == 2 ? CheckpointPhase.Abandoned : CheckpointPhase.Sealed, layout, world);
            if (act % 16 == 3) saves.Hurt(act / 16 % saves.Saved.Count);
        }
    }

    static readonly long[] Sizes = [1, 5, 10, 20, 20, 25, 50, 100, 150, 199, 201, 400, 700, 930, 1_000, 1_000];

    static SavePolicy PolicyOf(byte shape) => new(
        FullEvery: (shape % 4) switch { 0 => 1, 1 => 4, 2 => 12, _ => 100 },
        ChainDepthMax: (shape / 4 % 4) switch { 0 => 1, 1 => 2, 2 => 6, _ => null },
        RestoreBytesMax: (shape / 16 % 2) == 0 ? null : 1_500);

    [Property(MaxTest = 300, EndSize = 60)]
    public void Chains_are_forests_of_sealed_whole_links_of_one_world_and_layout(byte[] story, byte shape) =>
        Play(story, shape, static (saves, plan) =>
    {
        if (plan.Base is not { } link) return;
        var target = saves.Find(link.Checkpoint)!;   // on record before its child: so edges go back in time only, and end
        Assert.Equal(target.ManifestHash, link.ManifestHash);
        var chain = ChainBuilder.Build(target, saves.Find);
        Assert.Null(chain.Broken);                   // sealed, nothing quarantined down to the full one
        Assert.Equal(link.Depth, chain.Depth);
        Assert.Equal(CheckpointKind.Full, chain.Links[0].Kind);
        Assert.Single(chain.Links.Select(static c => (c.WorldSize, c.LayoutDigest)).Distinct());
    });

    [Property(MaxTest = 300, EndSize = 60)]
    public void No_chain_is_deeper_than_the_policy_and_a_policy_of_one_is_a_star(byte[] story, byte shape) =>
        Play(story, shape, (_, plan) => Assert.True(plan.Base is not { } link || link.Depth + 1 <= PolicyOf(shape).DepthMax));

    /// <summary>
    /// By the estimate a deeper chain stays below twice its full one, so what it really costs passes that by its own last delta at most,
    /// and a delta on the full one costs the two of them.
    /// </summary>
    [Property(MaxTest = 300, EndSize = 60)]
    public void What_a_restore_reads_is_bounded(byte[] story, byte shape) => Play(story, shape, static (saves, _) =>
    {
        foreach (var target in saves.Saved.Where(static c => c is { IsSealed: true, Base: not null }))
        {
            var chain = ChainBuilder.Build(target, saves.Find);
            var (full, below) = (chain.Links[0].StoredBytes, chain.ReadBytes - target.StoredBytes);
            Assert.True(chain.Depth == 1 ? below == full : below < BasePolicy.ChainCostMax * full, $"{target.Id}: {below} of {full}");
        }
    });

    [Property(MaxTest = 300, EndSize = 60)]
    public void A_deeper_link_is_chosen_only_over_small_deltas_within_the_bounds(byte[] story, byte shape) =>
        Play(story, shape, (saves, plan) =>
    {
        if (plan.Base is not { Depth: > 0 } link) return;
        var chain = ChainBuilder.Build(saves.Find(link.Checkpoint)!, saves.Find);
        var full = chain.Links[0].StoredBytes;
        // Judged anew: of the newest three deltas on that full one, the middle one (of two, the smaller).
        var recent = saves.Saved.Reverse().Where(c => c is { IsSealed: true, Base: not null }
            && ChainBuilder.Build(c, saves.Find).Links[0].Id == chain.Links[0].Id).Take(3)
            .Select(static c => c.StoredBytes).Order().ToList();
        var typical = recent[(recent.Count - 1) / 2];
        Assert.True(typical * 5 <= full);
        Assert.True(chain.ReadBytes + typical < 2 * full);
        Assert.True(PolicyOf(shape).RestoreBytesMax is not { } budget || chain.ReadBytes + typical <= budget);
    });

    [Property(MaxTest = 300, EndSize = 60)]
    public void A_full_one_comes_at_least_every_so_many_saves(byte[] story, byte shape) => Play(story, shape, (saves, plan) =>
    {
        var kept = saves.Saved.Where(static c => c.Phase is not CheckpointPhase.Abandoned).Select(static c => c.Kind);
        var since = kept.Reverse().TakeWhile(static kind => kind is CheckpointKind.Incremental).Count();
        Assert.True(plan.Kind is CheckpointKind.Full || since < PolicyOf(shape).FullEvery - 1);
    });

    [Fact]
    public void Stories_reach_deep_chains_stars_and_every_way_of_being_due()
    {
        HashSet<string> seen = [];
        for (var seed = 0; seed < 120; seed++)
        {
            var story = new byte[60];
            new Random(seed).NextBytes(story);
            Play(story, (byte)seed, (_, plan) => seen.Add(plan switch
            {
                { Base.Depth: > 2 } => "deep",
                { Base.Depth: 0 } => "star",
                { Base: null } when plan.Why.StartsWith("full", StringComparison.Ordinal) => plan.Why.Split(' ')[3],
                _ => plan.Why.Split(' ')[0],
            }));
        }

        Assert.Superset(new HashSet<string>(StringComparer.Ordinal)
        {
            "deep", "star", "quarantined:", "of", "another", "deltas", "restoring", "a", "the", "no",
        }, seen);
    }
}
