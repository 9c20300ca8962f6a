using Lineage.Agents.Codec.Kernels;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Codec;

/// <summary>
/// Encodes and decodes one chunk at a time (docs/FORMAT.md, sections 3.2 and 3.3), each in the cheapest mode and never above its raw size.
/// Keeps its buffers from chunk to chunk. Not thread safe.
/// </summary>
public sealed class ChunkCodec : IDisposable
{
    readonly Zstd zstd = new();
    readonly PlanesChunk planes;
    readonly FloatRun run;
    readonly SparseChunk sparse;
    readonly DerivedChunk derived;
    readonly ChunkEstimate estimate;
    byte[] trial = [];
    ChunkChoice? hint;
    bool frameHint, isFresh;
    int largest;

    /// <param name="lanes">What the kernels may use; the bytes are the same for each.</param>
    public ChunkCodec(LaneWidth lanes)
    {
        if (!LaneWidths.IsSupported(lanes)) throw new ArgumentException($"This processor has no {lanes}.", nameof(lanes));
        planes = new PlanesChunk(zstd);
        run = new FloatRun(lanes);
        sparse = new SparseChunk(run, lanes);
        derived = new DerivedChunk(lanes);
        estimate = new ChunkEstimate(lanes);
    }

    public ChunkCodec() : this(LaneWidths.Best) { }

    /// <summary>What this code writes into the header of a shard.</summary>
    public static CodecName Name { get; } = new("lineage.planes", 2);

    /// <summary>Codecs whose shards this code reads.</summary>
    public static bool Knows(CodecName codec) => codec == Name || codec == Name with { Version = 1 };

    /// <summary>Bytes that <see cref="Encode"/> may write into; what it returns is never more than the raw bytes.</summary>
    public static int Bound(int rawBytes) =>
        Math.Max(Math.Max(SparseChunk.Bound(rawBytes), PlanesChunk.Bound(rawBytes)), Zstd.Bound(rawBytes)) + 64;

    /// <summary>What the buffers hold at most: sixteen times the largest chunk so far, and what zstd keeps.</summary>
    public long HeldBytes => (16L * largest) + (2 << 20);

    /// <summary>Forgets how the chunk before was coded. The choice for a chunk narrows the search for the next, so whoever wants the same
    /// bytes every time begins anew at the same places.</summary>
    public void Begin() => (hint, frameHint, isFresh) = (null, false, true);

    /// <param name="destination">At least <see cref="Bound"/> bytes.</param>
    /// <param name="written">How many of them hold the chunk.</param>
    public ChunkMode Encode(CodecPreset preset, in ChunkInput chunk, Span<byte> destination, out int written)
    {
        var raw = chunk.Raw;
        largest = Math.Max(largest, raw.Length);
        written = 0;
        if (!chunk.Base.IsEmpty && raw.SequenceEqual(chunk.Base)) return ChunkMode.Same;
        var width = chunk.Kind.Width;
        if (raw[width..].SequenceEqual(raw[..^width]))
        {
            raw[..width].CopyTo(destination);
            written = width;
            return ChunkMode.Constant;
        }

        if (preset == CodecPreset.Emergency) return Raw(raw, destination, out written);
        if (chunk.RepeatOf is { } earlier)
        {
            written = RepeatedChunk.Write(earlier, destination);
            if (written < raw.Length) return ChunkMode.Repeat;
        }

        // Of three numbers the header alone is more.
        if (chunk.SourceIs == ChunkSource.Master && (written = derived.Encode(chunk.Kind, raw, chunk.Source, destination)) > 0
            && written < raw.Length)
            return ChunkMode.Derived;
        isFresh = true;
        var mode = chunk.Kind.IsCodedAsFloat && raw.Length % width == 0
            ? EncodeFloats(preset, chunk, destination, out written)
            : planes.Encode(preset, chunk.Kind, raw, chunk.Base, destination, out written);
        if (mode == ChunkMode.Raw) written = raw.Length;
        mode = TryFrame(preset, chunk, mode, destination, ref written);
        return mode == ChunkMode.Raw ? Raw(raw, destination, out written) : mode;
    }

    static ChunkMode Raw(ReadOnlySpan<byte> raw, Span<byte> destination, out int written)
    {
        raw.CopyTo(destination);
        written = raw.Length;
        return ChunkMode.Raw;
    }

    ChunkMode EncodeFloats(CodecPreset preset, in ChunkInput chunk, Span<byte> destination, out int written)
    {
        isFresh = hint is null;
        var choice = estimate.Choose(chunk, hint);
        var mode = EncodeBy(choice, preset, chunk, destination, out written);
        if (written == 0 || written >= chunk.Raw.Length)
        {
            hint = null;
            return planes.Encode(preset, chunk.Kind, chunk.Raw, chunk.Base, destination, out written);
        }

        var bits = 8.0 * written * chunk.Kind.Width / chunk.Raw.Length;
        hint = mode == choice.Mode && bits < (choice.Bits * 1.02) + 0.1 ? choice with { Bits = bits } : null;
        return preset == CodecPreset.High && mode is not (ChunkMode.Planes or ChunkMode.DeltaPlanes)
            ? TryPlanes(chunk, mode, destination, ref written)
            : mode;
    }

    /// <summary>Nothing written if the choice turns out not to do.</summary>
    ChunkMode EncodeBy(ChunkChoice choice, CodecPreset preset, in ChunkInput chunk, Span<byte> destination, out int written)
    {
        var kind = chunk.Kind;
        var raw = chunk.Raw;
        written = 0;
        switch (choice.Mode)
        {
            case ChunkMode.Self: written = run.Encode(choice.Rule, kind, raw, default, destination); break;
            case ChunkMode.Paired: written = run.Encode(choice.Rule, kind, raw, chunk.Source, destination); break;
            case ChunkMode.Delta: written = run.Encode(choice.Rule, kind, raw, chunk.Base, destination); break;
            case ChunkMode.Nonzero: written = EncodeSparse(chunk, default, destination); break;
            case ChunkMode.Sparse:
                if ((written = EncodeSparse(chunk, chunk.Base, destination)) > 0) break;
                written = run.Encode(choice.Rule, kind, raw, chunk.Base, destination);
                return ChunkMode.Delta;
            default: return planes.Encode(preset, kind, raw, chunk.Base, destination, out written);
        }

        return choice.Mode;
    }

    int EncodeSparse(in ChunkInput chunk, ReadOnlySpan<byte> below, Span<byte> destination) =>
        sparse.Extract(chunk.Kind, chunk.Raw, below, out var changed, out var changedBase)
            ? sparse.Encode(estimate.ForChanged(chunk.Kind, changed, changedBase), chunk.Kind, !below.IsEmpty, destination)
            : 0;

    ChunkMode TryPlanes(in ChunkInput chunk, ChunkMode mode, Span<byte> destination, ref int written)
    {
        ReserveTrial(chunk.Raw.Length);
        var other = planes.Encode(CodecPreset.High, chunk.Kind, chunk.Raw, chunk.Base, trial, out var size);
        if (other == ChunkMode.Raw || size >= written) return mode;
        trial.AsSpan(0, written = size).CopyTo(destination);
        return other;
    }

    /// <summary>A chunk that repeats itself at a distance goes into one zstd frame, if that is less.</summary>
    ChunkMode TryFrame(CodecPreset preset, in ChunkInput chunk, ChunkMode mode, Span<byte> destination, ref int written)
    {
        var look = frameHint || preset == CodecPreset.High || (preset == CodecPreset.Default && (isFresh || mode == ChunkMode.Raw));
        if (!look || !(preset == CodecPreset.High || Repetition.IsLikely(chunk.Raw))) return mode;
        ReserveTrial(chunk.Raw.Length);
        var size = zstd.Compress(preset == CodecPreset.High ? ZstdEffort.SearchHarder : ZstdEffort.Search, chunk.Raw, trial);
        frameHint = size < written;
        if (!frameHint) return mode;
        trial.AsSpan(0, written = size).CopyTo(destination);
        return ChunkMode.Frame;
    }

    void ReserveTrial(int raw)
    {
        if (trial.Length < Bound(raw)) trial = new byte[Bound(raw)];
    }

    /// <summary>Null if the destination now holds what was encoded, as far as the codec can tell; otherwise what is wrong with the stored
    /// bytes.</summary>
    /// <param name="chunk">As it was encoded; <see cref="ChunkInput.Raw"/> is not looked at.</param>
    /// <param name="destination">The chunk's raw bytes; undefined after an objection. May be where the base lies.</param>
    public string? Decode(ChunkMode mode, ReadOnlySpan<byte> stored, in ChunkInput chunk, Span<byte> destination)
    {
        var (kind, length) = (chunk.Kind, destination.Length);
        largest = Math.Max(largest, length);
        var below = chunk.Base.Length == length ? chunk.Base : default;
        var floats = kind.IsCodedAsFloat && length % kind.Width == 0;
        switch (mode)
        {
            case ChunkMode.Raw when stored.Length == length: stored.CopyTo(destination); return null;
            case ChunkMode.Same when stored.IsEmpty && !below.IsEmpty: below.CopyTo(destination); return null;
            case ChunkMode.Constant when stored.Length == kind.Width: Repeat(stored, destination); return null;
            case ChunkMode.Planes: return planes.Decode(kind, stored, default, destination);
            case ChunkMode.DeltaPlanes when !below.IsEmpty: return planes.Decode(kind, stored, below, destination);
            case ChunkMode.Frame: return zstd.Decompress(stored, destination);
            case ChunkMode.Repeat when chunk.Source.Length == length: chunk.Source.CopyTo(destination); return null;
            case ChunkMode.Derived when floats && chunk.Source.Length == 2 * length:
                return derived.Decode(kind, stored, chunk.Source, destination);
            case ChunkMode.Self when floats: return run.Decode(kind, stored, default, destination);
            case ChunkMode.Paired when floats && chunk.Source.Length == length: return run.Decode(kind, stored, chunk.Source, destination);
            case ChunkMode.Delta when floats && !below.IsEmpty: return run.Decode(kind, stored, below, destination);
            case ChunkMode.Sparse when floats && !below.IsEmpty: return sparse.Decode(kind, stored, below, destination);
            case ChunkMode.Nonzero when floats: return sparse.Decode(kind, stored, default, destination);
            default: return $"mode {mode} with {stored.Length:N0} stored bytes makes no chunk of {length:N0}";
        }
    }

    static void Repeat(ReadOnlySpan<byte> number, Span<byte> destination)
    {
        number.CopyTo(destination);
        for (var done = number.Length; done < destination.Length; done *= 2)
            destination[..Math.Min(done, destination.Length - done)].CopyTo(destination[done..]);
    }

    public void Dispose() => zstd.Dispose();
}
