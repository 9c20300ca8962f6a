using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>What a rank has to get back: its rows of the model and of the optimizer's state, its random generator and its place in the
/// data. A deterministic trainer advances them; what becomes of a row does not depend on which rank owns it.</summary>
/// <param name="Samples">Samples consumed so far: the data cursor.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct RankState(ImmutableArray<ulong> Model, ImmutableArray<ulong> Optimizer, ulong Rng, ulong Samples)
{
    /// <summary>Bytes of a rank that owns every row.</summary>
    internal const int BytesMax = ((2 * ModelLayout.Rows) + 2) * 8;

    /// <summary>The state that a run of the seed begins from.</summary>
    /// <param name="world">Number of ranks.</param>
    public static RankState Initial(long seed, int rank, int world)
    {
        var first = (int)RowSplit.First(ModelLayout.Rows, rank, world);
        var model = new ulong[(int)RowSplit.First(ModelLayout.Rows, rank + 1, world) - first];
        for (var i = 0; i < model.Length; i++) model[i] = SeededStream.Mix(((ulong)seed << 4) + (ulong)(first + i));
        return new RankState(
            ImmutableCollectionsMarshal.AsImmutableArray(model), ImmutableCollectionsMarshal.AsImmutableArray(new ulong[model.Length]),
            RngOf(seed, rank), 0);
    }

    public static ulong RngOf(long seed, int rank) => SeededStream.Mix(((ulong)seed << 8) + (ulong)rank + 1);

    /// <summary>The next step, from this state alone: whoever resumes from other words goes another way for ever.</summary>
    public RankState Next()
    {
        var (model, optimizer) = (new ulong[Model.Length], new ulong[Model.Length]);
        for (var i = 0; i < model.Length; i++)
        {
            model[i] = SeededStream.Mix(Model[i] ^ Optimizer[i]);
            optimizer[i] = SeededStream.Mix(unchecked(Optimizer[i] + Model[i]));
        }

        return new RankState(
            ImmutableCollectionsMarshal.AsImmutableArray(model), ImmutableCollectionsMarshal.AsImmutableArray(optimizer),
            SeededStream.Mix(Rng), Samples + 4);
    }

    /// <summary>XOR: its own inverse, as the codec's differences are.</summary>
    public RankState Against(RankState other) => new(
        Xor(Model, other.Model), Xor(Optimizer, other.Optimizer), Rng ^ other.Rng, Samples ^ other.Samples);

    static ImmutableArray<ulong> Xor(ImmutableArray<ulong> one, ImmutableArray<ulong> other)
    {
        if (one.IsDefault || other.IsDefault) return one.IsDefault ? other : one;
        var words = new ulong[Math.Max(one.Length, other.Length)];
        for (var i = 0; i < words.Length; i++) words[i] = (i < one.Length ? one[i] : 0) ^ (i < other.Length ? other[i] : 0);
        return ImmutableCollectionsMarshal.AsImmutableArray(words);
    }

    public ContentHash Digest()
    {
        Span<byte> bytes = stackalloc byte[BytesMax];
        return ContentHash.Of(bytes[..WriteTo(bytes)]);
    }

    /// <returns>Bytes written.</returns>
    internal int WriteTo(Span<byte> bytes)
    {
        var at = Write(Optimizer, bytes, Write(Model, bytes, 0));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[at..], Rng);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[(at + 8)..], Samples);
        return at + 16;
    }

    static int Write(ImmutableArray<ulong> words, Span<byte> bytes, int at)
    {
        if (words.IsDefault) return at;
        foreach (var word in words)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[at..], word);
            at += 8;
        }

        return at;
    }
}
