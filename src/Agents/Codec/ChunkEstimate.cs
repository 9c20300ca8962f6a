using Lineage.Agents.Codec.Kernels;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Codec;

/// <summary>How a chunk of floats is to be coded, and what that is likely to cost.</summary>
/// <param name="Bits">Per number.</param>
readonly record struct ChunkChoice(ChunkMode Mode, FloatRule Rule, double Bits);

/// <summary>
/// Chooses how to code floats from a sample of about a thousand numbers (order-0 entropy with the correction of Miller and Madow, 1955).
/// A wrong guess costs bytes or time, never correctness. Not thread safe.
/// </summary>
sealed class ChunkEstimate(LaneWidth lanes)
{
    const int Pieces = 8, PieceNumbers = 128, SampleMax = Pieces * PieceNumbers;

    /// <summary>Bits per byte of low bits below which they are no noise, and planes may find more than a symbol does.</summary>
    const double NoiseBits = 7.2;

    readonly byte[] raw = new byte[SampleMax * 4], below = new byte[SampleMax * 4], moment = new byte[SampleMax * 4];
    readonly uint[] z = new uint[SampleMax], masks = new uint[SampleMax], kept = new uint[SampleMax];
    readonly byte[] symbols = new byte[SampleMax];
    readonly RuleSearch search = new();

    /// <param name="hint">How the chunk before was coded. If a short look says the same mode again, its rule is taken.</param>
    public ChunkChoice Choose(in ChunkInput chunk, ChunkChoice? hint)
    {
        search.IsShort = hint is not null;
        var choice = Choose(chunk);
        if (hint is not { } before) return choice;
        if (before.Mode == choice.Mode && before.Rule.Residual == choice.Rule.Residual) return before;
        search.IsShort = false;
        return Choose(chunk);
    }

    ChunkChoice Choose(in ChunkInput chunk)
    {
        var kind = chunk.Kind;
        var count = Sample(kind.Width, chunk.Raw, raw);
        var size = count * kind.Width;
        var best = Self(kind, count, raw.AsSpan(0, size));
        if (best.Rule.Residual == FloatResidual.Plain) best = Less(best, Rows(chunk));
        if (chunk.SourceIs == ChunkSource.SecondMoment)
        {
            Sample(kind.Width, chunk.Source, moment);
            best = Less(best, Paired(kind, count, size));
        }

        if (chunk.Base.IsEmpty) return best;
        Sample(kind.Width, chunk.Base, below);
        return Less(best, Delta(kind, count, size));
    }

    /// <summary>By row and column, if there are enough rows in the chunk.</summary>
    ChunkChoice Rows(in ChunkInput chunk)
    {
        var (count, row) = (chunk.Raw.Length / chunk.Kind.Width, chunk.RowElements);
        if (chunk.Kind.Width != 4 || row < RowResidual.RowMin || count / 4 < row)
            return new ChunkChoice(ChunkMode.Raw, default, double.PositiveInfinity);
        var taken = 0;
        for (var piece = 0; piece < Pieces; piece++, taken += PieceNumbers)
        {
            var at = row + 1 + (int)((long)(count - row - 1 - PieceNumbers) * piece / (Pieces - 1));
            if (at + PieceNumbers > count) break;
            RowResidual.Forward(chunk.Raw, at, row, z.AsSpan(taken, PieceNumbers), lanes);
        }

        if (taken == 0) return new ChunkChoice(ChunkMode.Raw, default, double.PositiveInfinity);
        var (rule, bits) = search.Fixed(chunk.Kind, z.AsSpan(0, taken));
        return new ChunkChoice(ChunkMode.Self, rule with { Residual = FloatResidual.Rows, Top = (uint)row }, bits);
    }

    /// <summary>The number itself: turned or plain, as planes, or only those that are not zero.</summary>
    ChunkChoice Self(ElementKind kind, int count, ReadOnlySpan<byte> sample)
    {
        var residuals = Residuals(FloatResidual.Turned, kind, sample, sample);
        var signs = 0U;
        var zeros = 0;
        foreach (var value in residuals)
        {
            signs |= value & 1;
            if (value == 0) zeros++;
        }

        var residual = signs == 0 ? FloatResidual.Plain : FloatResidual.Turned;
        if (signs == 0) residuals = Residuals(residual, kind, sample, sample);
        var (rule, bits) = search.CountingDown(residual, kind, residuals);
        var best = new ChunkChoice(ChunkMode.Self, rule, bits);
        if (search.LowBitsPerByte(residuals, rule.Shift) < NoiseBits)
            best = Less(best, new ChunkChoice(ChunkMode.Planes, default, search.PlaneBits(residuals, kind.Width)));
        if (zeros < count / 10) return best;
        var present = Keep(residuals);
        var cost = present.IsEmpty ? 0 : search.CountingDown(residual, kind, present).Bits;
        return Less(best, new ChunkChoice(ChunkMode.Nonzero, new FloatRule(residual, false, 0, 0), Sparse(present.Length, count, cost)));
    }

    ChunkChoice Paired(ElementKind kind, int count, int size)
    {
        var residuals = Residuals(FloatResidual.Ratio, kind, raw.AsSpan(0, size), moment.AsSpan(0, size));
        var (rule, bits) = search.CountingDown(FloatResidual.Ratio, kind, residuals[..count]);
        return new ChunkChoice(ChunkMode.Paired, rule, bits);
    }

    ChunkChoice Delta(ElementKind kind, int count, int size)
    {
        var residuals = Residuals(FloatResidual.Difference, kind, raw.AsSpan(0, size), below.AsSpan(0, size));
        var (rule, bits) = Difference(kind, residuals, below.AsSpan(0, size));
        var best = new ChunkChoice(ChunkMode.Delta, rule, bits);
        if (search.LowBitsPerByte(residuals, rule.ByExponent ? 8 : rule.Shift) < NoiseBits)
            best = Less(best, new ChunkChoice(ChunkMode.DeltaPlanes, default, search.PlaneBits(residuals, kind.Width)));
        var unchanged = residuals.Count(0U);
        if (unchanged < count / 2) return best;
        var changed = Keep(residuals);
        var cost = changed.IsEmpty ? 0 : search.Fixed(kind, changed).Bits;
        return Less(best, new ChunkChoice(ChunkMode.Sparse, rule, Sparse(changed.Length, count, cost)));
    }

    /// <summary>The rule for the numbers that a sparse chunk keeps.</summary>
    /// <param name="changed">Packed.</param>
    /// <param name="changedBase">Packed; empty for a chunk of zeros and others.</param>
    public FloatRule ForChanged(ElementKind kind, ReadOnlySpan<byte> changed, ReadOnlySpan<byte> changedBase)
    {
        if (changed.IsEmpty) return new FloatRule(FloatResidual.Plain, false, 0, 0);
        search.IsShort = false;
        var count = Sample(kind.Width, changed, raw);
        var sample = raw.AsSpan(0, count * kind.Width);
        if (changedBase.IsEmpty) return Self(kind, count, sample) is { Mode: ChunkMode.Self } self
            ? self.Rule
            : search.CountingDown(FloatResidual.Turned, kind, Residuals(FloatResidual.Turned, kind, sample, sample)).Rule;
        Sample(kind.Width, changedBase, below);
        var other = below.AsSpan(0, count * kind.Width);
        return Difference(kind, Residuals(FloatResidual.Difference, kind, sample, other), other).Rule;
    }

    (FloatRule Rule, double Bits) Difference(ElementKind kind, ReadOnlySpan<uint> residuals, ReadOnlySpan<byte> others)
    {
        var flat = search.Fixed(kind, residuals);
        new SymbolCut(new FloatRule(FloatResidual.Difference, ByExponent: true, 0, 0), kind, lanes).Exponents(others, masks);
        var bent = search.ByExponent(kind, residuals, masks.AsSpan(0, residuals.Length));
        return flat.Bits <= bent.Bits ? flat : bent;
    }

    /// <summary>A bit per number for whether it is there (at its entropy), and the cost of those that are.</summary>
    static double Sparse(int present, int count, double cost)
    {
        var share = Math.Clamp((double)present / count, 0.25 / count, 1 - (0.25 / count));
        return (share * (cost - Math.Log2(share))) - ((1 - share) * Math.Log2(1 - share));
    }

    ReadOnlySpan<uint> Residuals(FloatResidual residual, ElementKind kind, ReadOnlySpan<byte> numbers, ReadOnlySpan<byte> others)
    {
        var count = numbers.Length / kind.Width;
        var cut = new SymbolCut(new FloatRule(residual, ByExponent: false, 0, 0), kind, lanes);
        cut.Split(numbers, others, z.AsSpan(0, count), masks.AsSpan(0, count), symbols.AsSpan(0, count));
        return z.AsSpan(0, count);
    }

    ReadOnlySpan<uint> Keep(ReadOnlySpan<uint> residuals)
    {
        var count = 0;
        foreach (var value in residuals)
            if (value != 0) kept[count++] = value;
        return kept.AsSpan(0, count);
    }

    /// <summary>Pieces from all over the chunk, one behind the other.</summary>
    /// <returns>Numbers.</returns>
    static int Sample(int width, ReadOnlySpan<byte> from, Span<byte> to)
    {
        var count = from.Length / width;
        if (count <= SampleMax)
        {
            from.CopyTo(to);
            return count;
        }

        for (var piece = 0; piece < Pieces; piece++)
        {
            var at = (int)((long)(count - PieceNumbers) * piece / (Pieces - 1)) * width;
            from.Slice(at, PieceNumbers * width).CopyTo(to[(piece * PieceNumbers * width)..]);
        }

        return SampleMax;
    }

    static ChunkChoice Less(ChunkChoice left, ChunkChoice right) => right.Bits < left.Bits ? right : left;
}
