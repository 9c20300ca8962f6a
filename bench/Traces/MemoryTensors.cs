using System.Security.Cryptography;
using Lineage.Agents.Capture;
using Lineage.Agents.Shards;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Bench.Traces;

/// <summary>A state in memory, outside the managed heap: what the codecs encode, decode into and use as a base, and what a save captures
/// from and a restore writes into.</summary>
sealed class MemoryTensors : ITensorMemory, IRankState, IDisposable
{
    const byte Scribble = 0xA5;

    readonly NativeBytes[] memory;

    public MemoryTensors(IReadOnlyList<TensorSpec> tensors)
    {
        Tensors = tensors;
        memory = [.. tensors.Select(static tensor => new NativeBytes(tensor.Bytes))];
        RawBytes = tensors.Sum(static tensor => tensor.Bytes);
        Erase();   // pages are there before anything is timed
    }

    public IReadOnlyList<TensorSpec> Tensors { get; }

    IReadOnlyList<TensorSpec> IRankState.Layout => Tensors;

    public bool IsParallel => true;

    public long RawBytes { get; }

    /// <summary>Set to serve as the base of a shard that names this root.</summary>
    public ContentHash? ShardRoot { get; set; }

    public Span<byte> Bytes(int tensor) => memory[tensor].Slice(0, checked((int)memory[tensor].Length));

    public void Read(int tensor, long byteOffset, Span<byte> destination) =>
        memory[tensor].Slice(byteOffset, destination.Length).CopyTo(destination);

    public bool TrySpan(int tensor, long byteOffset, int length, out ReadOnlySpan<byte> bytes)
    {
        bytes = memory[tensor].Slice(byteOffset, length);
        return true;
    }

    public bool TryWritable(int tensor, long byteOffset, int length, out Span<byte> bytes)
    {
        bytes = memory[tensor].Slice(byteOffset, length);
        return true;
    }

    public Span<byte> Writable(int tensor, long byteOffset, int length) => memory[tensor].Slice(byteOffset, length);

    public void Write(int tensor, long byteOffset, ReadOnlySpan<byte> source) =>
        source.CopyTo(memory[tensor].Slice(byteOffset, source.Length));

    /// <summary>So that a decoder which writes nothing is not taken for a right one.</summary>
    public void Erase()
    {
        for (var tensor = 0; tensor < memory.Length; tensor++) Bytes(tensor).Fill(Scribble);
    }

    /// <summary>SHA-256 over the bytes of all tensors in order.</summary>
    public ContentHash Digest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var tensor = 0; tensor < memory.Length; tensor++) hash.AppendData(Bytes(tensor));
        return ContentHash.FromDigest(hash.GetHashAndReset());
    }

    /// <summary>A copy of some of the tensors, or of all.</summary>
    /// <param name="renamed">What the copy says of a tensor; null for the same.</param>
    public MemoryTensors Copy(Func<TensorSpec, bool>? which = null, Func<TensorSpec, TensorSpec>? renamed = null)
    {
        var chosen = Tensors.Index().Where(t => which is null || which(t.Item)).ToList();
        var copy = new MemoryTensors([.. chosen.Select(t => renamed is null ? t.Item : renamed(t.Item))]);
        for (var i = 0; i < chosen.Count; i++) Bytes(chosen[i].Index).CopyTo(copy.Bytes(i));
        return copy;
    }

    /// <summary>
    /// The same tensors several times over, under names of their own and with the last byte of every fp32 number turned over in a way of
    /// its own: as much entropy, but no copy equals another, because equal tensors cost nothing to store.
    /// </summary>
    public MemoryTensors Repeat(int times)
    {
        var repeated = new MemoryTensors([.. Enumerable.Range(0, times).SelectMany(_ => Tensors, static (time, tensor) => tensor with
        {
            Name = $"copy{time}.{tensor.Name}",
            CastOf = tensor.CastOf is null ? null : $"copy{time}.{tensor.CastOf}",
        })]);
        for (var tensor = 0; tensor < repeated.Tensors.Count; tensor++)
        {
            Bytes(tensor % Tensors.Count).CopyTo(repeated.Bytes(tensor));
            if (repeated.Tensors[tensor].Dtype == TensorDtype.F32) TurnOver(repeated.Bytes(tensor), (byte)(tensor / Tensors.Count));
        }

        MixedPrecision.RenewCasts(repeated);
        return repeated;
    }

    static void TurnOver(Span<byte> numbers, byte copy)
    {
        for (var i = 0; i < numbers.Length; i += 4) numbers[i] ^= copy;
    }

    public void CopyTo(MemoryTensors other)
    {
        for (var tensor = 0; tensor < memory.Length; tensor++) Bytes(tensor).CopyTo(other.Bytes(tensor));
    }

    public void Dispose()
    {
        foreach (var tensor in memory) tensor.Dispose();
    }
}
