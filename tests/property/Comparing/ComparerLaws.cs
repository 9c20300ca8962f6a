using FsCheck.Xunit;
using Lineage.Agents.Comparing;
using Lineage.Agents.Restoring;
using Lineage.Agents.Tiers;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Tests.Property.Saving;

namespace Lineage.Tests.Property.Comparing;

/// <summary>Whole checkpoints that the saving library wrote, compared from their stored bytes.</summary>
public sealed class ComparerLaws
{
    static Task<CheckpointDifference> CompareAsync(ITier tier, ChainView from, ChainView to) =>
        new CheckpointComparer(tier, TimeProvider.System).CompareAsync(from, to, parallel: 2, CancellationToken.None);

    static async Task SaveAsync(SavingWorld world, IReadOnlyList<MemoryRankState> states, long step)
    {
        foreach (var (state, rank) in states.Select(static (state, rank) => (state, rank)))
        {
            if (world.Ranks.Count <= rank) world.Rank(rank);
            await world.Ranks[rank].Saver.SaveAsync(state, new Step(step), final: false, CancellationToken.None);
        }

        foreach (var rank in world.Ranks) Assert.True(await rank.Saver.DrainAsync(CancellationToken.None));
    }

    static MemoryRankState[] States(SavingWorld world, int seed, int rows = 7, int columns = 5) =>
        [.. world.World.Ranks.Select(rank => new MemoryRankState(rank, world.World, rows, columns, seed))];

    [Property(MaxTest = 12)]
    public void What_is_counted_is_what_was_changed(int seed) => CountedAsync(seed).GetAwaiter().GetResult();

    static async Task CountedAsync(int seed)
    {
        await using var world = new SavingWorld(worldSize: 2, fullEvery: 3);
        var states = States(world, seed);
        await SaveAsync(world, states, 1);
        var before = states.Select(static state => state.Copy()).ToArray();
        foreach (var state in states) state.Train(seed + 1);
        await SaveAsync(world, states, 2);
        var found = await CompareAsync(world.Tier, world.Service.Chain(SavingWorld.Id(1)), world.Service.Chain(SavingWorld.Id(2)));

        var layout = states[0].Layout;
        Assert.Equal(layout.Select(static t => t.Name).Order(StringComparer.Ordinal),
            found.Tensors.Select(static t => t.Name).Order(StringComparer.Ordinal));
        foreach (var tensor in found.Tensors)
        {
            var index = layout.Index().First(t => t.Item.Name == tensor.Name).Index;
            var width = layout[index].Dtype.Bits() / 8;
            var (elements, changed) = (0L, 0L);
            foreach (var (state, old) in states.Zip(before))
            {
                var now = state.Copy()[index];
                elements += now.Length / width;
                changed += Enumerable.Range(0, now.Length / width)
                    .Count(i => !now.AsSpan(i * width, width).SequenceEqual(old[index].AsSpan(i * width, width)));
            }

            Assert.Equal((elements, changed), (tensor.Elements, tensor.Tally.Changed));
            Assert.Equal(elements * width, tensor.RawBytes);
            Assert.InRange(tensor.StoredBytes, 0, tensor.RawBytes);
        }

        Assert.Equal(found.Tensors.Select(static t => t.Share).OrderDescending(), found.Tensors.Select(static t => t.Share));
    }

    [Fact]
    public async Task A_checkpoint_does_not_differ_from_itself()
    {
        await using var world = new SavingWorld(worldSize: 2, fullEvery: 3);
        var states = States(world, 1);
        await SaveAsync(world, states, 1);
        var chain = world.Service.Chain(SavingWorld.Id(1));
        Assert.All((await CompareAsync(world.Tier, chain, chain)).Tensors, static tensor =>
            Assert.Equal((TensorChange.Unchanged, 0L, 0.0), (tensor.Change, tensor.Tally.Changed, tensor.Share)));
    }

    /// <summary>Three ranks hold the same weights as two, cut at other rows.</summary>
    [Fact]
    public async Task Worlds_that_cut_a_tensor_differently_are_compared_as_wholes()
    {
        await using var two = new SavingWorld(worldSize: 2, fullEvery: 3);
        await using var three = new SavingWorld(worldSize: 3, fullEvery: 3, two.Tier);
        await SaveAsync(two, [.. two.World.Ranks.Select(rank => Ruled(rank, two.World))], 1);
        var others = three.World.Ranks.Select(rank => Ruled(rank, three.World)).ToArray();
        others[2].Write(0, 4, BitConverter.GetBytes(-1f));   // one element of the last rank's rows
        await SaveAsync(three, others, 2);
        var found = await CompareAsync(two.Tier, two.Service.Chain(SavingWorld.Id(1)), three.Service.Chain(SavingWorld.Id(2)));

        var weight = found.Tensors.Single(static t => t.Name == "model.weight");
        Assert.Equal((TensorChange.Changed, 35L, 1L, 3), (weight.Change, weight.Elements, weight.Tally.Changed, weight.Ranks));
        var moment = found.Tensors.Single(static t => t.Name == "optimizer.exp_avg");
        Assert.Equal((TensorChange.Unchanged, 35L), (moment.Change, moment.Elements));
        Assert.Equal(TensorChange.Reshaped, found.Tensors.Single(static t => t.Name == "rng.torch").Change);
    }

    /// <summary>Each element is its own number in the whole tensor, whoever holds it.</summary>
    static MemoryRankState Ruled(Rank rank, WorldSize world)
    {
        var state = new MemoryRankState(rank, world, rows: 7, columns: 5, seed: 1);
        for (var tensor = 0; tensor < 3; tensor++)
        {
            var spec = state.Layout[tensor];
            for (var i = 0; i < spec.Elements; i++)
                state.Write(tensor, 4 * i, BitConverter.GetBytes((float)((spec.Offsets[0] * 5) + i)));
        }

        return state;
    }

    [Fact]
    public async Task Damage_on_the_way_names_shard_and_chunk()
    {
        await using var world = new SavingWorld(worldSize: 2, fullEvery: 3);
        var states = States(world, 1, rows: 40, columns: 40);
        await SaveAsync(world, states, 1);
        await SaveAsync(world, states, 2);
        var path = world.Directory["store/demo/g1/s1/r1.shard"];
        var bytes = File.ReadAllBytes(path);
        bytes[900] ^= 1;
        File.Delete(path);
        File.WriteAllBytes(path, bytes);
        var damage = await Assert.ThrowsAsync<ShardDamagedException>(() => CompareAsync(
            world.Tier, world.Service.Chain(SavingWorld.Id(1)), world.Service.Chain(SavingWorld.Id(2))));
        Assert.Equal(new ShardId(SavingWorld.Id(1), new Rank(1)), damage.Shard);
        Assert.Contains("chunk 0 of tensor \"model.weight\" was altered", damage.Message, StringComparison.Ordinal);
    }
}
