using System.Runtime.InteropServices;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Comparing;

/// <summary>Compares raw bytes of one tensor before and after, element by element. Pure.</summary>
public static class ElementComparison
{
    /// <summary>Elements that are compared at once before any is looked at: a few vectors, so that sparse changes cost little.</summary>
    const int Block = 64;

    /// <summary>Whether the elements of the type are counted one by one; otherwise by the bytes that they share.</summary>
    public static bool CountsElements(TensorDtype dtype) => dtype.Bits() >= 8;

    /// <param name="before">Whole elements, little-endian.</param>
    /// <param name="after">As long.</param>
    public static ElementTally Compare(TensorDtype dtype, ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        if (before.Length != after.Length)
            throw new ArgumentException($"{before.Length:N0} bytes cannot be compared with {after.Length:N0}.", nameof(after));
        if (before.SequenceEqual(after)) return default;
        return dtype switch
        {
            TensorDtype.F64 => Tally<ulong, Floating<ulong, Float64>>(before, after),
            TensorDtype.F32 => Tally<uint, Floating<uint, Float32>>(before, after),
            TensorDtype.F16 => Tally<ushort, Floating<ushort, Float16>>(before, after),
            TensorDtype.BF16 => Tally<ushort, Floating<ushort, BrainFloat16>>(before, after),
            TensorDtype.F8_E4M3 => Tally<byte, Floating<byte, Float8E4M3>>(before, after),
            TensorDtype.F8_E5M2 => Tally<byte, Floating<byte, Float8E5M2>>(before, after),
            TensorDtype.F8_E4M3FNUZ => Tally<byte, Floating<byte, Float8E4M3Fnuz>>(before, after),
            TensorDtype.F8_E5M2FNUZ => Tally<byte, Floating<byte, Float8E5M2Fnuz>>(before, after),
            TensorDtype.F8_E8M0 => Tally<byte, Floating<byte, Float8E8M0>>(before, after),
            TensorDtype.C64 => Tally<ulong, ComplexPair>(before, after),
            TensorDtype.I64 => Tally<long, Integer<long>>(before, after),
            TensorDtype.U64 => Tally<ulong, Integer<ulong>>(before, after),
            TensorDtype.I32 => Tally<int, Integer<int>>(before, after),
            TensorDtype.U32 => Tally<uint, Integer<uint>>(before, after),
            TensorDtype.I16 => Tally<short, Integer<short>>(before, after),
            TensorDtype.U16 => Tally<ushort, Integer<ushort>>(before, after),
            TensorDtype.I8 => Tally<sbyte, Integer<sbyte>>(before, after),
            TensorDtype.U8 => Tally<byte, Integer<byte>>(before, after),
            _ => Tally<byte, PlainByte>(before, after),
        };
    }

    static ElementTally Tally<TBits, TElement>(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
        where TBits : unmanaged, IEquatable<TBits>
        where TElement : struct, IElement<TBits>
    {
        var a = MemoryMarshal.Cast<byte, TBits>(before);
        var b = MemoryMarshal.Cast<byte, TBits>(after);
        var (changed, nanChanged, nanAppeared, largest) = (0L, 0L, 0L, -1.0);
        for (var from = 0; from < a.Length; from += Block)
        {
            var to = Math.Min(from + Block, a.Length);
            if (a[from..to].SequenceEqual(b[from..to])) continue;
            for (var i = from; i < to; i++)
            {
                if (a[i].Equals(b[i])) continue;
                changed++;
                var (was, isNow) = (TElement.IsNan(a[i]), TElement.IsNan(b[i]));
                if (was || isNow) nanChanged++;
                if (!was && isNow) nanAppeared++;
                if (!was && !isNow && TElement.Distance(a[i], b[i]) is var distance && distance > largest) largest = distance;
            }
        }

        return new ElementTally(changed, nanChanged, nanAppeared, largest < 0 ? null : largest);
    }
}
