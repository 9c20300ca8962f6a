using Lineage.Contracts.Identity;

namespace Lineage.Agents.Training;

/// <summary>
/// How far one rank has read, and what it reads next. All ranks draw from one endless order of samples: epoch after epoch, each a
/// permutation of all samples that the seed fixes. The rank's k-th sample is number kN+r of that order, so after equally many draws by
/// every rank each number below the total was consumed exactly once, and a cursor that is put back continues exactly.
/// </summary>
/// <param name="Seed">Fixes the order of samples.</param>
/// <param name="Samples">Samples in the corpus; at least one.</param>
/// <param name="Consumed">Samples this rank has drawn since the run began.</param>
public sealed record DataCursor(long Seed, long Samples, Rank Rank, WorldSize WorldSize, long Consumed)
{
    /// <summary>The rank's next sample and the cursor behind it.</summary>
    public (long Sample, DataCursor Next) Draw()
    {
        var number = checked(Consumed * WorldSize.Value + Rank.Value);
        return (SampleOrder.At(Seed, number / Samples, Samples, number % Samples), this with { Consumed = checked(Consumed + 1) });
    }
}

/// <summary>
/// A permutation of [0, samples) for each (seed, epoch) that needs no memory: a four-round Feistel network over the next even power
/// of two, walked until it falls inside (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002). Not for secrecy.
/// </summary>
public static class SampleOrder
{
    public static long At(long seed, long epoch, long samples, long index)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, samples);
        if (samples == 1) return 0;
        var halfBits = (64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)(samples - 1)) + 1) / 2;
        var key = Mix(unchecked((ulong)seed), unchecked((ulong)epoch));
        var at = (ulong)index;
        do at = Scramble(at, halfBits, key);
        while (at >= (ulong)samples);          // ends: the walk is a cycle of a permutation that contains the index itself
        return (long)at;
    }

    static ulong Scramble(ulong value, int halfBits, ulong key)
    {
        var mask = (1UL << halfBits) - 1;
        var (left, right) = (value >> halfBits, value & mask);
        for (uint round = 0; round < 4; round++)
            (left, right) = (right, left ^ (Mix(Mix(key, round), right) & mask));
        return (left << halfBits) | right;
    }

    /// <summary>Two words to one; the finalizer of SplitMix64 (Steele, Lea, Flood, 2014).</summary>
    internal static ulong Mix(ulong a, ulong b)
    {
        unchecked                               // wraps by design
        {
            var z = a + 0x9E3779B97F4A7C15UL * (b + 1);
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
            return z ^ (z >> 31);
        }
    }
}
