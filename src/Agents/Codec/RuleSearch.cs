using System.Numerics;
using Lineage.Agents.Codec.Kernels;

namespace Lineage.Agents.Codec;

/// <summary>The cheapest <see cref="FloatRule"/> for a sample of residuals. Not thread safe.</summary>
sealed class RuleSearch
{
    const int LogsMax = 4_096;
    const double ListedBits = 16;
    static readonly double[] Logs = [.. Enumerable.Range(0, LogsMax).Select(static n => n == 0 ? 0 : n * Math.Log2(n))];

    int Wider => IsShort ? 0 : 1;

    readonly int[] histogram = new int[256], lengths = new int[320];

    /// <summary>One candidate of each kind instead of several.</summary>
    public bool IsShort { get; set; }

    /// <summary>Symbols from the top: the exponent, with as many bits of the mantissa as pay.</summary>
    public (FloatRule Rule, double Bits) CountingDown(FloatResidual residual, ElementKind kind, ReadOnlySpan<uint> residuals)
    {
        // Turned, the sign lies below the mantissa.
        var exponentAt = kind.MantissaBits + (residual == FloatResidual.Plain ? 0 : 1);
        var largest = 0U;
        foreach (var z in residuals) largest = Math.Max(largest, z);
        var best = (Rule: default(FloatRule), Bits: double.PositiveInfinity);
        var (least, most) = (Math.Max(0, exponentAt - 3), Math.Min(exponentAt, FloatRule.ShiftMax(kind)));
        if (IsShort) least = most = Math.Clamp(exponentAt - 2, 0, most);
        for (var shift = most; shift >= least; shift--)
        {
            // Numbers outside the sample may be larger: two powers of two are left free, as far as the type has them.
            var top = Math.Min((largest >> shift) + (2U << Math.Max(0, exponentAt - shift)), (uint.MaxValue >> (32 - kind.Bits)) >> shift);
            var bits = Cost(residuals, shift, uint.MaxValue, unchecked(top + 1)) + shift;
            if (bits < best.Bits) best = (new FloatRule(residual, ByExponent: false, shift, top), bits);
        }

        return best;
    }

    /// <summary>One shift for all.</summary>
    public (FloatRule Rule, double Bits) Fixed(ElementKind kind, ReadOnlySpan<uint> residuals)
    {
        Array.Clear(lengths);
        foreach (var z in residuals) lengths[32 - BitOperations.LeadingZeroCount(z)]++;
        var most = Quantile(residuals.Length) - 8;
        var best = (Rule: default(FloatRule), Bits: double.PositiveInfinity);
        for (var s = most - Wider; s <= most + Wider; s++)
        {
            var shift = Math.Clamp(s, 0, FloatRule.ShiftMax(kind));
            var bits = Cost(residuals, shift, 0, 0) + shift;
            if (bits < best.Bits) best = (new FloatRule(FloatResidual.Difference, ByExponent: false, shift, 0), bits);
        }

        return best;
    }

    /// <summary>A shift that falls with the base's exponent.</summary>
    public (FloatRule Rule, double Bits) ByExponent(ElementKind kind, ReadOnlySpan<uint> residuals, ReadOnlySpan<uint> exponents)
    {
        Array.Clear(lengths);
        for (var i = 0; i < residuals.Length; i++)
            lengths[32 - BitOperations.LeadingZeroCount(residuals[i]) + Math.Min(exponents[i], 255)]++;
        var most = Quantile(residuals.Length) - 8;
        var best = (Rule: default(FloatRule), Bits: double.PositiveInfinity);
        for (var s = most - Wider; s <= most + Wider; s++)
        {
            var from = Math.Clamp(s, 0, byte.MaxValue);
            var bits = CostByExponent(residuals, exponents, from, FloatRule.ShiftMax(kind));
            if (bits < best.Bits) best = (new FloatRule(FloatResidual.Difference, ByExponent: true, from, 0), bits);
        }

        return best;
    }

    /// <summary>Bits per byte of the whole bytes among the low bits: the least of them. 8 is noise.</summary>
    public double LowBitsPerByte(ReadOnlySpan<uint> residuals, int shift)
    {
        var least = 8.0;
        for (var p = 0; p < shift / 8; p++) least = Math.Min(least, Plane(residuals, p));
        return least;
    }

    /// <summary>Bits of all byte planes per number.</summary>
    public double PlaneBits(ReadOnlySpan<uint> residuals, int width)
    {
        var bits = 0.0;
        for (var p = 0; p < width; p++) bits += Math.Min(8, 1.1 * Plane(residuals, p));   // zstd comes within about a tenth
        return bits;
    }

    double Plane(ReadOnlySpan<uint> residuals, int plane)
    {
        Array.Clear(histogram);
        foreach (var z in residuals) histogram[(int)((z >> (8 * plane)) & 0xFF)]++;
        return Entropy(residuals.Length);
    }

    /// <summary>Where all but half a percent of the bit lengths end.</summary>
    int Quantile(int count)
    {
        var above = count / 200;
        for (var length = lengths.Length - 1; length > 0; length--)
            if ((above -= lengths[length]) < 0) return length;
        return 0;
    }

    /// <summary>Symbols as <see cref="SymbolCut"/> makes them.</summary>
    double Cost(ReadOnlySpan<uint> residuals, int shift, uint flip, uint top)
    {
        Array.Clear(histogram);
        foreach (var z in residuals) histogram[Math.Min(unchecked(((z >> shift) ^ flip) + top), FloatRule.Escape)]++;
        return Coded(residuals.Length) + (ListedBits * histogram[FloatRule.Escape] / residuals.Length);
    }

    double CostByExponent(ReadOnlySpan<uint> residuals, ReadOnlySpan<uint> exponents, int from, int shiftMax)
    {
        Array.Clear(histogram);
        var low = 0L;
        for (var i = 0; i < residuals.Length; i++)
        {
            var shift = (int)Math.Clamp(from - (long)exponents[i], 0, shiftMax);
            low += shift;
            histogram[Math.Min(residuals[i] >> shift, FloatRule.Escape)]++;
        }

        return Coded(residuals.Length) + (((ListedBits * histogram[FloatRule.Escape]) + low) / residuals.Length);
    }

    /// <summary>What Huffman codes make of the histogram: a symbol that is most of all takes a bit, however little it says.</summary>
    double Coded(int count)
    {
        var most = 0;
        foreach (var n in histogram) most = Math.Max(most, n);
        if (most == count) return 0;
        var share = (double)most / count;
        return share < 0.5 ? Entropy(count) : Entropy(count) + 1 + (share * Math.Log2(share)) + ((1 - share) * Math.Log2(1 - share));
    }

    /// <summary>Of the histogram, in bits per symbol; corrected for how little a small sample sees.</summary>
    double Entropy(int count)
    {
        if (count == 0) return 0;
        var (sum, distinct) = (0.0, 0);
        foreach (var n in histogram)
        {
            if (n == 0) continue;
            sum += n < LogsMax ? Logs[n] : n * Math.Log2(n);
            distinct++;
        }

        return (Logs[count] - sum + ((distinct - 1) / (2 * Math.Log(2)))) / count;
    }
}
