using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Lineage.Agents.Codec.Kernels;

/// <summary>Which numbers of two runs differ in a bit.</summary>
static class Changed
{
    /// <param name="width">2 or 4 bytes.</param>
    /// <param name="other">As long; empty for zeros.</param>
    /// <param name="positions">Receives the places of the numbers that differ, rising.</param>
    /// <returns>How many; -1 if there are more than fit.</returns>
    public static int Find(int width, ReadOnlySpan<byte> raw, ReadOnlySpan<byte> other, Span<int> positions, LaneWidth lanes) => width == 2
        ? Find(MemoryMarshal.Cast<byte, ushort>(raw), MemoryMarshal.Cast<byte, ushort>(other), positions, lanes)
        : Find(MemoryMarshal.Cast<byte, uint>(raw), MemoryMarshal.Cast<byte, uint>(other), positions, lanes);

    static int Find<T>(ReadOnlySpan<T> raw, ReadOnlySpan<T> other, Span<int> positions, LaneWidth lanes) where T : unmanaged, INumber<T>
    {
        var (i, found) = (0, 0);
        if (lanes == LaneWidth.Vector512)
            for (; i <= raw.Length - Vector512<T>.Count && found >= 0; i += Vector512<T>.Count)
            {
                var below = other.IsEmpty ? Vector512<T>.Zero : Vector512.Create(other[i..]);
                found = Note(~Vector512.Equals(Vector512.Create(raw[i..]), below).ExtractMostSignificantBits()
                    & (ulong.MaxValue >> (64 - Vector512<T>.Count)), i, positions, found);
            }
        else if (lanes == LaneWidth.Vector256)
            for (; i <= raw.Length - Vector256<T>.Count && found >= 0; i += Vector256<T>.Count)
            {
                var below = other.IsEmpty ? Vector256<T>.Zero : Vector256.Create(other[i..]);
                found = Note(~(ulong)Vector256.Equals(Vector256.Create(raw[i..]), below).ExtractMostSignificantBits()
                    & (ulong.MaxValue >> (64 - Vector256<T>.Count)), i, positions, found);
            }

        for (; i < raw.Length && found >= 0; i++)
            if (raw[i] != (other.IsEmpty ? T.Zero : other[i])) found = Note(1, i, positions, found);
        return found;
    }

    static int Note(ulong bits, int at, Span<int> positions, int found)
    {
        if (BitOperations.PopCount(bits) > positions.Length - found) return -1;
        for (; bits != 0; bits &= bits - 1) positions[found++] = at + BitOperations.TrailingZeroCount(bits);
        return found;
    }
}
