using Lineage.Bench.Traces;
using ZstdSharp;

namespace Lineage.Bench.Codec;

/// <summary>What most people would do: one zstd frame per tensor, straight from the tensor's memory.</summary>
sealed class ZstdCodec(int level) : TensorCodec($"zstd-{level}", usesBase: false)
{
    readonly Compressor compressor = new(level);
    readonly Decompressor decompressor = new();

    protected override int Bound(int raw, int width) => Compressor.GetCompressBound(raw);

    protected override int Encode(ReadOnlySpan<byte> raw, ReadOnlySpan<byte> below, int width, Span<byte> stored) =>
        compressor.Wrap(raw, stored);

    protected override void Decode(ReadOnlySpan<byte> stored, ReadOnlySpan<byte> below, int width, Span<byte> raw) =>
        decompressor.Unwrap(stored, raw);

    public override void Dispose()
    {
        compressor.Dispose();
        decompressor.Dispose();
    }
}

/// <summary>The roofline: nothing stores a state faster than copying it.</summary>
sealed class CopyCodec() : TensorCodec("memcpy", usesBase: false)
{
    protected override int Bound(int raw, int width) => raw;

    protected override int Encode(ReadOnlySpan<byte> raw, ReadOnlySpan<byte> below, int width, Span<byte> stored)
    {
        raw.CopyTo(stored);
        return raw.Length;
    }

    protected override void Decode(ReadOnlySpan<byte> stored, ReadOnlySpan<byte> below, int width, Span<byte> raw) => stored.CopyTo(raw);

    public override void Dispose() { }
}

/// <summary>A codec that takes tensor by tensor into one buffer.</summary>
abstract class TensorCodec(string name, bool usesBase) : IStateCodec
{
    byte[] stored = [];
    int[] starts = [];

    public string Name { get; } = name;

    public bool UsesBase { get; } = usesBase;

    public long StoredBytes => starts[^1];

    public long StoredOf(int tensor) => starts[tensor + 1] - starts[tensor];

    public void Encode(MemoryTensors state, MemoryTensors? baseState)
    {
        Reserve(state);
        for (var tensor = 0; tensor < state.Tensors.Count; tensor++)
        {
            var raw = state.Bytes(tensor);
            var below = UsesBase && baseState is not null ? baseState.Bytes(tensor) : default;
            starts[tensor + 1] = starts[tensor] + Encode(raw, below, Width(state, tensor), stored.AsSpan(starts[tensor]));
        }
    }

    public void Decode(MemoryTensors destination, MemoryTensors? baseState)
    {
        for (var tensor = 0; tensor < destination.Tensors.Count; tensor++)
        {
            var below = UsesBase && baseState is not null ? baseState.Bytes(tensor) : default;
            Decode(
                stored.AsSpan(starts[tensor]..starts[tensor + 1]), below, Width(destination, tensor), destination.Bytes(tensor));
        }
    }

    /// <summary>Room that a tensor may take.</summary>
    protected abstract int Bound(int raw, int width);

    /// <returns>Bytes written.</returns>
    protected abstract int Encode(ReadOnlySpan<byte> raw, ReadOnlySpan<byte> below, int width, Span<byte> stored);

    protected abstract void Decode(ReadOnlySpan<byte> stored, ReadOnlySpan<byte> below, int width, Span<byte> raw);

    public abstract void Dispose();

    static int Width(MemoryTensors state, int tensor) => Math.Max(1, Contracts.Format.TensorDtypes.Bits(state.Tensors[tensor].Dtype) / 8);

    void Reserve(MemoryTensors state)
    {
        var bound = 0;
        for (var tensor = 0; tensor < state.Tensors.Count; tensor++)
            bound = checked(bound + Bound(state.Bytes(tensor).Length, Width(state, tensor)));
        if (stored.Length < bound) stored = new byte[bound];
        if (starts.Length != state.Tensors.Count + 1) starts = new int[state.Tensors.Count + 1];
    }
}
