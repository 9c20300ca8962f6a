using System.Runtime.InteropServices;
using Lineage.Agents.Codec;
using Lineage.Agents.Codec.Kernels;
using Lineage.Bench.Measuring;
using Lineage.Bench.Traces;
using Lineage.Contracts.Format;

namespace Lineage.Bench.Codec;

/// <summary>One entropy coder on the symbols that the codec gets out of fp32 weights: exponent and two bits of the mantissa, chunk by
/// chunk.</summary>
sealed record SymbolRow(string Coder, double BitsPerSymbol, double EncodeSpeed, double DecodeSpeed, bool Verified);

/// <summary>Our Huffman coder beside zstd's without matches and zstd as it is: whether ours pays for its code (docs/adr/0007).</summary>
static class SymbolStage
{
    const int Chunk = 65_536;

    public static IReadOnlyList<SymbolRow> Measure(MemoryTensors state, int runs)
    {
        var symbols = Symbols(state);
        using var zstd = new Zstd();
        var section = new SymbolSection();
        return
        [
            Measure("lineage", symbols, runs, SymbolSection.Bound(Chunk), (from, to) => section.Encode(from, to),
                (from, to) => section.Decode(from, to)),
            Measure("zstd, Huffman only", symbols, runs, Zstd.Bound(Chunk), (from, to) => zstd.Compress(ZstdEffort.EntropyOnly, from, to),
                (from, to) => zstd.Decompress(from, to)),
            Measure("zstd-1", symbols, runs, Zstd.Bound(Chunk), (from, to) => zstd.Compress(ZstdEffort.Search, from, to),
                (from, to) => zstd.Decompress(from, to)),
        ];
    }

    /// <summary>SHA-256 as groups of chunks are digested, in GB/s.</summary>
    public static double DigestSpeed(MemoryTensors state, int runs)
    {
        var bytes = state.Bytes(Enumerable.Range(0, state.Tensors.Count).MaxBy(i => state.Tensors[i].Bytes)).ToArray();
        var length = bytes.Length / 16 / 64 * 64;
        StoredPiece[] pieces = [.. Enumerable.Range(0, 16).Select(i => new StoredPiece(i * length, length))];
        using var lanes = new Sha256Lanes(LaneWidths.Best);
        var digests = new byte[16 * 32];
        void All()
        {
            for (var again = 0; again < 8; again++) lanes.Hash(bytes, pieces, digests);
        }

        All();
        return Timing.Of(Math.Max(3, runs), Lap.Of, All).GigabytesPerCore(8L * 16 * length);
    }

    delegate int Coder(ReadOnlySpan<byte> from, Span<byte> to);

    delegate string? Decoder(ReadOnlySpan<byte> from, Span<byte> to);

    static SymbolRow Measure(string name, byte[] symbols, int runs, int bound, Coder encode, Decoder decode)
    {
        var chunks = symbols.Length / Chunk;
        var (stored, sizes, back) = (new byte[chunks * bound], new int[chunks], new byte[symbols.Length]);
        void EncodeAll()
        {
            for (var i = 0; i < chunks; i++) sizes[i] = encode(symbols.AsSpan(i * Chunk, Chunk), stored.AsSpan(i * bound, bound));
        }

        var sound = true;
        void DecodeAll()
        {
            for (var i = 0; i < chunks; i++)
                sound &= decode(stored.AsSpan(i * bound, sizes[i]), back.AsSpan(i * Chunk, Chunk)) is null;
        }

        EncodeAll();
        DecodeAll();
        var (encoding, decoding) = (Timing.Of(Math.Max(3, runs), Lap.Of, EncodeAll), Timing.Of(Math.Max(3, runs), Lap.Of, DecodeAll));
        var bytes = (long)chunks * Chunk;
        return new SymbolRow(
            name, 8.0 * sizes.Sum() / bytes, encoding.GigabytesPerCore(bytes), decoding.GigabytesPerCore(bytes),
            sound && back.AsSpan(0, (int)bytes).SequenceEqual(symbols.AsSpan(0, (int)bytes)));
    }

    static byte[] Symbols(MemoryTensors state)
    {
        var symbols = new List<byte>();
        for (var tensor = 0; tensor < state.Tensors.Count && symbols.Count < 128 * Chunk; tensor++)
            if (state.Tensors[tensor].Role == TensorRole.Master)
                foreach (var bits in MemoryMarshal.Cast<byte, uint>(state.Bytes(tensor))) symbols.Add((byte)((bits >> 21) & 0xFF));
        return [.. symbols];
    }
}
