namespace Lineage.ChaosHarness.Faults;

/// <summary>Ways in which stored bytes come to be wrong; each is named in the fault catalogue (docs/CHAOS.md).</summary>
public enum DamageClass
{
    FlipInHeader, FlipInBody, FlipInIndex, FlipInFooter, Truncated, Emptied, ZeroRun, TornBlock, ExtraTail, Swapped, WrongRank,
    ReplayedOlder, Missing,
}

/// <summary>Silent corruption of one stored object, in place and on stable storage.</summary>
public static class StoredDamage
{
    const int Block = 512;

    /// <param name="other">The object of another rank of the same checkpoint, or of an older one: what is put in its place. Only classes
    /// that need one look at it.</param>
    /// <returns>What was done, for the journal; the bytes were compared, so it really took effect.</returns>
    /// <exception cref="IOException">Nothing changed: the fault had no effect.</exception>
    public static string Apply(DamageClass kind, string path, string other)
    {
        var before = File.ReadAllBytes(path);
        var what = kind switch
        {
            DamageClass.FlipInHeader => Flip(path, 9),
            DamageClass.FlipInBody => Flip(path, before.Length / 2),
            DamageClass.FlipInIndex => Flip(path, before.Length - Math.Min(before.Length / 2, 200)),
            DamageClass.FlipInFooter => Flip(path, before.Length - 5),
            DamageClass.Truncated => Put(path, before.AsSpan(0, before.Length - Math.Min(Block, before.Length / 2)), "cut short"),
            DamageClass.Emptied => Put(path, [], "emptied"),
            DamageClass.ZeroRun => Put(path, Zeroed(before, before.Length / 3, Block), "a run of zeroes"),
            DamageClass.TornBlock => Put(path, Zeroed(before, before.Length / 2 / Block * Block, before.Length), "zero from a block on"),
            DamageClass.ExtraTail => Put(path, [.. before, .. "tail"u8], "bytes added at the end"),
            DamageClass.WrongRank or DamageClass.ReplayedOlder => Put(path, File.ReadAllBytes(other), $"replaced by {other}"),
            DamageClass.Swapped => Swap(path, other),
            DamageClass.Missing => Remove(path),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        if (File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(before))
            throw new IOException($"{path} did not change; {kind} had no effect.");
        return $"{path}: {what}";
    }

    static string Flip(string path, int offset)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[offset] ^= 0x08;
        return Put(path, bytes, $"bit 3 of byte {offset:N0} flipped");
    }

    static byte[] Zeroed(byte[] bytes, int from, int length)
    {
        var changed = bytes.ToArray();
        changed.AsSpan(from, Math.Min(length, changed.Length - from)).Clear();
        return changed;
    }

    static string Swap(string path, string other)
    {
        byte[] mine = File.ReadAllBytes(path), theirs = File.ReadAllBytes(other);
        Put(other, mine, "");
        return Put(path, theirs, $"changed places with {other}");
    }

    static string Remove(string path)
    {
        File.Delete(path);
        return "removed";
    }

    static string Put(string path, ReadOnlySpan<byte> bytes, string what)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
        file.Write(bytes);
        file.Flush(flushToDisk: true);
        return what;
    }
}
