using System.Runtime.InteropServices;
using Lineage.Agents.Shards;
using Lineage.Contracts.Format;

namespace Lineage.Tests.Property.Shards;

/// <summary>What the laws of this folder once found, as cases of their own.</summary>
public sealed class FoundByLaws
{
    const int ChunkElements = 64;

    /// <summary>The header of the cast was more than the numbers themselves: the shard was written, and no reader took it.</summary>
    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(65), InlineData(67)]
    public void A_cast_of_few_numbers_is_stored_in_no_more_bytes_than_it_has(int elements)
    {
        var (weight, master) = Layer("a", elements);
        var state = new MemoryTensors([weight.Spec, master.Spec], [weight.Bytes, master.Bytes], ChunkElements);
        Restores(state, Stored.Full(state, 1, ChunkElements).Object);
    }

    /// <summary>The second layer's weight is derived from a master that repeats the first layer's. A loader took the master from where it
    /// was not yet, and called the shard damaged.</summary>
    [Fact]
    public void A_cast_of_a_repeated_master_is_loaded_in_any_order()
    {
        var (weight, master) = Layer("a", 640);
        var (tied, tiedMaster) = Layer("b", 640);
        tied.Bytes[0] ^= 1;   // or the whole weight would be the other's
        var state = new MemoryTensors(
            [tied.Spec, weight.Spec, master.Spec, tiedMaster.Spec], [tied.Bytes, weight.Bytes, master.Bytes, tiedMaster.Bytes],
            ChunkElements);
        var (shard, written) = Stored.Full(state, 1, ChunkElements);
        Assert.Equal((20, 10), (written.Modes.Derived, written.Modes.Repeat));
        Restores(state, shard);
    }

    static void Restores(MemoryTensors state, byte[] shard)
    {
        using var chain = ShardChain.Of([Stored.Open(shard)]);
        foreach (var parallel in (ReadOnlySpan<int>)[1, 3])
        {
            using var decoded = DecodedShard.Load(chain, CancellationToken.None, parallel: parallel);
            Assert.Equal(state.Bytes, Stored.ReadAll(decoded));
        }
    }

    static ((TensorSpec Spec, byte[] Bytes) Weight, (TensorSpec Spec, byte[] Bytes) Master) Layer(string name, int elements)
    {
        uint[] master = [.. Enumerable.Range(0, elements).Select(static i => BitConverter.SingleToUInt32Bits(0.02f * MathF.Sin(i + 1)))];
        ushort[] weight = [.. master.Select(static bits => (ushort)(bits >> 16))];
        TensorSpec Spec(string part, TensorDtype dtype, TensorRole role, string? castOf) =>
            new($"{name}.{part}", dtype, [elements], [0], [elements], role, castOf);
        return (
            (Spec("weight", TensorDtype.BF16, TensorRole.Weight, $"{name}.master"), MemoryMarshal.AsBytes(weight.AsSpan()).ToArray()),
            (Spec("master", TensorDtype.F32, TensorRole.Master, null), MemoryMarshal.AsBytes(master.AsSpan()).ToArray()));
    }
}
