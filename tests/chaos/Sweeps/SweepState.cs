using Lineage.Agents.Capture;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Chaos.Sweeps;

/// <summary>A rank's state whose every byte follows from rank and step, so that any process can say what a restore has to give.</summary>
sealed class SweepState : IRankState
{
    const int Rows = 24, Columns = 3_000;

    readonly byte[][] bytes;

    SweepState(Rank rank, WorldSize world)
    {
        long from = Rows * rank.Value / world.Value, to = Rows * (rank.Value + 1) / world.Value;
        Layout =
        [
            new TensorSpec("weight", TensorDtype.F32, [Rows, Columns], [from, 0], [to - from, Columns], TensorRole.Weight),
            new TensorSpec("rng", TensorDtype.U8, [world.Value, 64], [rank.Value, 0], [1, 64], TensorRole.Rng),
        ];
        bytes = [.. Layout.Select(static tensor => new byte[tensor.Bytes])];
    }

    public IReadOnlyList<TensorSpec> Layout { get; }

    public static SweepState At(long step, Rank rank, WorldSize world)
    {
        var state = new SweepState(rank, world);
        foreach (var (index, tensor) in state.bytes.Index())
        {
            // Half of the elements stay as they were at step 1, so that an incremental has something to refer to.
            new Random(HashCode(1, rank.Value, index)).NextBytes(tensor);
            var moved = new byte[tensor.Length / 2];
            new Random(HashCode(step, rank.Value, index)).NextBytes(moved);
            moved.CopyTo(tensor, 0);
        }

        return state;
    }

    public void Read(int tensor, long byteOffset, Span<byte> destination) =>
        bytes[tensor].AsSpan((int)byteOffset, destination.Length).CopyTo(destination);

    public void Write(int tensor, long byteOffset, ReadOnlySpan<byte> source) => source.CopyTo(bytes[tensor].AsSpan((int)byteOffset));

    public bool Holds(SweepState other) => bytes.Zip(other.bytes).All(static pair => pair.First.AsSpan().SequenceEqual(pair.Second));

    /// <summary>Not <see cref="System.HashCode"/>, which differs from process to process.</summary>
    static int HashCode(long step, int rank, int tensor) => (int)(((step * 1_000) + (rank * 10) + tensor) % int.MaxValue);
}
