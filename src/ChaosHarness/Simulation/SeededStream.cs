namespace Lineage.ChaosHarness.Simulation;

/// <summary>
/// A stream of random numbers that a seed settles on every machine (splitmix64, Steele and others, OOPSLA 2014). Each purpose draws from a
/// stream of its own, so that one draw more in one place changes nothing elsewhere.
/// </summary>
public sealed class SeededStream(ulong seed)
{
    ulong state = seed;

    /// <summary>The stream of one purpose under one seed.</summary>
    public static SeededStream Of(long seed, int purpose) =>
        new(Mix(unchecked(((ulong)seed * 0x9E3779B97F4A7C15UL) ^ Mix((ulong)purpose + 1))));

    public ulong Next() => Mix(state = unchecked(state + 0x9E3779B97F4A7C15UL));

    /// <summary>A number from 0 to <paramref name="below"/> - 1.</summary>
    public int Below(int below) => (int)(Next() % (ulong)below);

    /// <summary>A number of the range, both ends included.</summary>
    public int Between(int least, int most) => least + Below(most - least + 1);

    public bool OneIn(int chances) => chances > 0 && Below(chances) == 0;

    internal static ulong Mix(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
            return z ^ (z >> 31);
        }
    }
}
