using Lineage.Agents.Restoring;
using Lineage.Agents.Shards;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Tests.Property.Saving;

namespace Lineage.Tests.Property.Restoring;

/// <summary>Two ranks, a full checkpoint at step 1 and incrementals at 2 and 3, stored once; each case hurts a copy of the store.</summary>
public sealed class StoredRun : IAsyncLifetime
{
    public SavingWorld World { get; } = new(worldSize: 2, fullEvery: 8);

    public Dictionary<(long Step, int Rank), byte[][]> Captured { get; } = [];

    public async Task InitializeAsync()
    {
        var ranks = new[] { World.Rank(0), World.Rank(1) };
        var states = ranks.Select(r => new MemoryRankState(r.Rank, World.World, rows: 6, columns: 7, seed: 5)).ToArray();
        for (var step = 1; step <= 3; step++)
        {
            foreach (var (rank, state) in ranks.Zip(states))
            {
                state.Train(step);
                Captured[(step, rank.Rank.Value)] = state.Copy();
                await rank.Saver.SaveAsync(state, new Step(step), final: false, CancellationToken.None);
            }

            foreach (var rank in ranks) Assert.True(await rank.Saver.DrainAsync(CancellationToken.None));
        }
    }

    public string FileOf(long step, int rank) =>
        Path.Combine(World.Directory["store"], ObjectKeys.Shard(new ShardId(SavingWorld.Id(step), new Rank(rank))));

    public MemoryRankState Blank(int rank, bool inPlace = false) =>
        new(new Rank(rank), World.World, rows: 6, columns: 7, seed: 77) { IsParallel = inPlace };

    public async Task DisposeAsync() => await World.DisposeAsync();
}

public sealed class RestorerRefusals(StoredRun run) : IClassFixture<StoredRun>
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 0)]
    public void Any_flipped_bit_of_a_shard_is_found_before_the_state_is_touched(long step, int rank)
    {
        foreach (var (at, bit, hurt) in Flips(run.FileOf(step, rank), count: 100))
        {
            var damaged = Refused(run.FileOf(step, rank), hurt, step, rank);
            var expected = new ShardId(SavingWorld.Id(step), new Rank(rank));
            Assert.True(damaged.Shard == expected, $"byte {at} bit {bit} of {expected}: blamed {damaged.Message}");
            Assert.True(damaged.Found.Finding is not (Finding.Intact or Finding.Missing), $"byte {at} bit {bit}: {damaged.Message}");
        }
    }

    /// <summary>A base's chunk that no delta refers to is not read; what is not read cannot hurt, so the state is then exact.</summary>
    [Fact]
    public void A_flipped_bit_of_a_base_is_found_and_blamed_on_it_or_was_not_needed_and_the_state_is_exact()
    {
        var (file, expected, refused) = (run.FileOf(1, 0), new ShardId(SavingWorld.Id(1), new Rank(0)), 0);
        var whole = File.ReadAllBytes(file);
        foreach (var (at, bit, hurt) in Flips(file, count: 100))
        {
            var target = run.Blank(0);
            try
            {
                File.WriteAllBytes(file, hurt);
                Restore(target, step: 3, rank: 0);
                Assert.True(target.Holds(run.Captured[(3, 0)]), $"byte {at} bit {bit} gave another state");
            }
            catch (ShardDamagedException e)
            {
                refused++;
                Assert.True(e.Shard == expected && target.Writes == 0, $"byte {at} bit {bit}: {e.Message}");
            }
            finally
            {
                File.WriteAllBytes(file, whole);
            }
        }

        Assert.True(refused > 25, $"only {refused} of 100 flips were noticed: the base is hardly read");
    }

    static IEnumerable<(int At, int Bit, byte[] Hurt)> Flips(string file, int count)
    {
        var whole = File.ReadAllBytes(file);
        var random = new Random(20260101);
        for (var i = 0; i < count; i++)
        {
            var (at, bit) = (random.Next(whole.Length), random.Next(8));
            var hurt = whole.ToArray();
            hurt[at] ^= (byte)(1 << bit);
            yield return (at, bit, hurt);
        }
    }

    [Fact]
    public void A_shard_cut_off_anywhere_is_truncated()
    {
        var file = run.FileOf(2, rank: 1);
        var whole = File.ReadAllBytes(file);
        foreach (var length in new[] { 0, 1, 63, whole.Length / 2, whole.Length - 1 })
            Assert.Equal(Finding.Truncated, Refused(file, whole[..length], step: 2, rank: 1).Found.Finding);
    }

    [Fact]
    public void A_missing_shard_is_missing()
    {
        var file = run.FileOf(1, rank: 0);
        var whole = File.ReadAllBytes(file);
        File.Delete(file);
        try
        {
            var target = run.Blank(0);
            var damaged = Assert.Throws<ShardDamagedException>(() => Restore(target, step: 3, rank: 0));
            Assert.Equal((Finding.Missing, SavingWorld.Id(1)), (damaged.Found.Finding, damaged.Shard.Checkpoint));
            Assert.Equal(0, target.Writes);
        }
        finally
        {
            File.WriteAllBytes(file, whole);
        }
    }

    [Fact]
    public void Another_ranks_shard_in_the_place_is_not_intact()
    {
        var found = Refused(run.FileOf(1, rank: 0), File.ReadAllBytes(run.FileOf(1, rank: 1)), step: 1, rank: 0).Found;
        Assert.Contains(found.Finding, new[] { Finding.Altered, Finding.Truncated });
    }

    [Fact]
    public void Another_steps_shard_in_the_place_is_not_intact()
    {
        var found = Refused(run.FileOf(3, rank: 0), File.ReadAllBytes(run.FileOf(2, rank: 0)), step: 3, rank: 0).Found;
        Assert.Contains(found.Finding, new[] { Finding.Altered, Finding.Truncated });
    }

    [Fact]
    public void A_plan_with_another_base_is_refused()
    {
        var plan = run.World.Service.Chain(SavingWorld.Id(3));
        var foreign = plan.Links[0] with { ManifestHash = ContentHash.Of("another"u8) };
        var target = run.Blank(0);
        Assert.Throws<ShardDamagedException>(() => run.World.Restorer.Restore(
            target, plan with { Links = [foreign, plan.Links[1]] }, new Rank(0), CancellationToken.None));
        Assert.Equal(0, target.Writes);
    }

    [Fact]
    public void A_plan_whose_shard_list_is_not_what_was_sealed_is_refused()
    {
        var plan = run.World.Service.Chain(SavingWorld.Id(1));
        var link = plan.Links[0];
        var shards = link.Shards.ToArray();
        shards[1] = shards[1] with { RawBytes = shards[1].RawBytes + 1 };   // the other rank's entry
        var target = run.Blank(0);
        var damaged = Assert.Throws<ShardDamagedException>(() => run.World.Restorer.Restore(
            target, plan with { Links = [link with { Shards = shards }] }, new Rank(0), CancellationToken.None));
        Assert.Contains("manifest", damaged.Message, StringComparison.Ordinal);
        Assert.Equal(0, target.Writes);
    }

    [Fact]
    public void A_broken_an_empty_and_a_headless_chain_are_no_plan()
    {
        var plan = run.World.Service.Chain(SavingWorld.Id(3));
        foreach (var bad in new[]
        {
            plan with { Broken = "its base is quarantined" }, plan with { Links = [] }, plan with { Links = [plan.Links[1]] },
            plan with { Links = [plan.Links[0]] }, plan with { Links = [plan.Links[0], plan.Links[0]] },
        })
        {
            var problem = Assert.Throws<LineageProblemException>(() => run.World.Restorer.Restore(
                run.Blank(0), bad, new Rank(0), CancellationToken.None));
            Assert.Equal(ProblemCodes.RestoreMismatch, problem.Code);
        }
    }

    [Fact]
    public void A_state_of_another_shape_is_a_layout_mismatch_and_stays_untouched()
    {
        var other = new MemoryRankState(new Rank(0), run.World.World, rows: 6, columns: 8, seed: 1);
        var problem = Assert.Throws<LineageProblemException>(() => run.World.Restorer.Restore(
            other, run.World.Service.Chain(SavingWorld.Id(1)), new Rank(0), CancellationToken.None));
        Assert.Equal(ProblemCodes.LayoutMismatch, problem.Code);
        Assert.Equal(0, other.Writes);
    }

    [Fact]
    public async Task The_chain_check_names_every_damaged_shard_once_and_nothing_else()
    {
        var plan = run.World.Service.Chain(SavingWorld.Id(3));
        var verifier = new ChainVerifier(run.World.Tier, TimeProvider.System);
        Assert.True((await verifier.VerifyAsync(plan, parallel: 2, CancellationToken.None)).IsIntact);

        var file = run.FileOf(1, rank: 1);
        var whole = File.ReadAllBytes(file);
        try
        {
            var hurt = whole.ToArray();
            hurt[hurt.Length / 2] ^= 4;
            File.WriteAllBytes(file, hurt);
            var check = await verifier.VerifyAsync(plan, parallel: 2, CancellationToken.None);
            Assert.Equal([new ShardId(SavingWorld.Id(1), new Rank(1))], check.Damaged.Select(static d => d.Shard));
        }
        finally
        {
            File.WriteAllBytes(file, whole);
        }
    }

    [Fact]
    public async Task The_chain_check_reads_every_link_once_and_names_the_damaged_ones_of_all_links()
    {
        var plan = run.World.Service.Chain(SavingWorld.Id(3));
        Assert.Equal(2, plan.Links.Count);
        var verifier = new ChainVerifier(run.World.Tier, TimeProvider.System);
        var whole = await verifier.VerifyAsync(plan, parallel: 1, CancellationToken.None);
        Assert.InRange(whole.ReadBytes, plan.ReadBytes * 0.9, plan.ReadBytes * 1.1);
        var files = new[] { run.FileOf(1, rank: 0), run.FileOf(3, rank: 0) };
        var before = files.Select(File.ReadAllBytes).ToArray();
        try
        {
            File.WriteAllBytes(files[0], Hurt(before[0]));
            File.WriteAllBytes(files[1], Hurt(before[1]));
            var check = await verifier.VerifyAsync(plan, parallel: 1, CancellationToken.None);
            Assert.Equal(
                [new ShardId(SavingWorld.Id(1), new Rank(0)), new ShardId(SavingWorld.Id(3), new Rank(0))],
                check.Damaged.Select(static d => d.Shard));
            File.Delete(files[1]);
            check = await verifier.VerifyAsync(plan, parallel: 1, CancellationToken.None);
            Assert.Equal([Finding.Altered, Finding.Missing], check.Damaged.Select(static d => d.Found.Finding));
        }
        finally
        {
            foreach (var (file, bytes) in files.Zip(before)) File.WriteAllBytes(file, bytes);
        }

        static byte[] Hurt(byte[] shard)
        {
            using var reader = ShardReader.Open(new MemoryStream(shard), "x");
            var hurt = shard.ToArray();
            hurt[reader.Entry(0).StoredOffset] ^= 1;   // in the first chunk: the object still opens
            return hurt;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_state_in_memory_is_decoded_into_directly_and_exactly(long step)
    {
        var target = run.Blank(1, inPlace: true);
        Restore(target, step, rank: 1);
        Assert.True(target.Holds(run.Captured[(step, 1)]));
        Assert.Equal(0, target.Writes);
    }

    void Restore(MemoryRankState target, long step, int rank) =>
        run.World.Restorer.Restore(target, run.World.Service.Chain(SavingWorld.Id(step)), new Rank(rank), CancellationToken.None);

    ShardDamagedException Refused(string file, byte[] hurt, long step, int rank)
    {
        var whole = File.ReadAllBytes(file);
        try
        {
            File.WriteAllBytes(file, hurt);
            var target = run.Blank(rank);
            var damaged = Assert.Throws<ShardDamagedException>(() => Restore(target, step, rank));
            Assert.Equal(0, target.Writes);
            var (inPlace, before) = (run.Blank(rank, inPlace: true), run.Blank(rank).Copy());
            Assert.Throws<ShardDamagedException>(() => Restore(inPlace, step, rank));
            Assert.True(inPlace.Holds(before), "a damaged chain changed the live state");
            return damaged;
        }
        finally
        {
            File.WriteAllBytes(file, whole);
        }
    }
}
