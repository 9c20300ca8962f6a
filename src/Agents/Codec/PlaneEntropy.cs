namespace Lineage.Agents.Codec;

/// <summary>What a plane is likely to shrink to, from the histogram of a sample (order-0 entropy). A wrong guess costs bytes or time, never
/// correctness.</summary>
static class PlaneEntropy
{
    const int SampleBytes = 4_096, Pieces = 8;

    /// <summary>Above this many bits per byte the gain is not worth the work.</summary>
    public const double Incompressible = 7.9;

    /// <summary>Below this a search for repeats beats Huffman codes, whose floor is one bit per byte.</summary>
    public const double Skewed = 1.5;

    /// <returns>Bits per byte, 0-8.</returns>
    public static double BitsPerByte(ReadOnlySpan<byte> plane)
    {
        if (plane.IsEmpty) return 0;
        Span<int> histogram = stackalloc int[256];
        histogram.Clear();
        var taken = 0;
        if (plane.Length <= SampleBytes) taken = Count(plane, histogram);
        else
            for (var piece = 0; piece < Pieces; piece++)
                taken += Count(
                    plane.Slice((int)((long)(plane.Length - (SampleBytes / Pieces)) * piece / (Pieces - 1)), SampleBytes / Pieces),
                    histogram);
        var bits = 0.0;
        foreach (var count in histogram)
            if (count > 0) bits -= count * Math.Log2((double)count / taken);
        return bits / taken;
    }

    static int Count(ReadOnlySpan<byte> bytes, Span<int> histogram)
    {
        foreach (var value in bytes) histogram[value]++;
        return bytes.Length;
    }
}
