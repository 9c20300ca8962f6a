using System.Numerics;
using System.Runtime.InteropServices;

namespace Lineage.Agents.Training;

/// <summary>Element by element, so that the result has the same bits however wide the machine's vectors are.</summary>
static class FloatSums
{
    /// <summary>sum[i] += part[i]; equal lengths.</summary>
    public static void AddTo(Span<float> sum, ReadOnlySpan<float> part)
    {
        if (part.Length != sum.Length) throw new ArgumentException($"{part.Length} elements to add to {sum.Length}.", nameof(part));
        var wide = MemoryMarshal.Cast<float, Vector<float>>(sum);
        var wideParts = MemoryMarshal.Cast<float, Vector<float>>(part);
        for (var i = 0; i < wide.Length; i++) wide[i] += wideParts[i];
        for (var i = wide.Length * Vector<float>.Count; i < sum.Length; i++) sum[i] += part[i];
    }

    /// <summary>sum[i] /= by.</summary>
    public static void DivideBy(Span<float> sum, float by)
    {
        foreach (ref var value in sum) value /= by;
    }
}
