namespace Lineage.Fuzz;

/// <summary>The inputs of one target that did something new, the seeds first. Bounded: what is full forgets at random, never a
/// seed.</summary>
sealed class Inputs
{
    const int CountMax = 4_096, KeysMax = 1 << 18;
    readonly List<byte[]> all = [];
    readonly HashSet<ulong> keys = [];
    int seeds;

    public int Count => all.Count;

    public IEnumerable<byte[]> Found => all.Skip(seeds);

    public void AddSeed(byte[] seed, ulong key)
    {
        all.Insert(seeds++, seed);
        keys.Add(key);
    }

    /// <summary>Kept if nothing of this key was seen before.</summary>
    public void Offer(byte[] input, ulong key, Random random)
    {
        if (keys.Count >= KeysMax || !keys.Add(key)) return;
        if (all.Count < CountMax) all.Add(input);
        else all[random.Next(seeds, all.Count)] = input;
    }

    public byte[] Any(Random random) => all[random.Next(4) == 0 ? random.Next(seeds) : random.Next(all.Count)];
}
