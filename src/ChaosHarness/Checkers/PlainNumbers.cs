using Lineage.Contracts.Format;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>Numbers of a chunk and what the format does to them (docs/FORMAT.md, section 3.2): everything modulo 2^b on bit
/// patterns.</summary>
static class PlainNumbers
{
    public static int Width(TensorDtype dtype) => dtype switch
    {
        TensorDtype.F64 or TensorDtype.I64 or TensorDtype.U64 => 8,
        TensorDtype.F32 or TensorDtype.C64 or TensorDtype.I32 or TensorDtype.U32 => 4,
        TensorDtype.F16 or TensorDtype.BF16 or TensorDtype.I16 or TensorDtype.U16 => 2,
        _ => 1,
    };

    public static bool IsFloat(TensorDtype dtype) => dtype
        is TensorDtype.F64 or TensorDtype.F32 or TensorDtype.C64 or TensorDtype.F16 or TensorDtype.BF16 or TensorDtype.F8_E4M3
            or TensorDtype.F8_E5M2 or TensorDtype.F8_E4M3FNUZ or TensorDtype.F8_E5M2FNUZ;

    public static ulong[] Of(ReadOnlySpan<byte> raw, int width)
    {
        var numbers = new ulong[raw.Length / width];
        for (var i = 0; i < numbers.Length; i++)
            for (var p = 0; p < width; p++) numbers[i] |= (ulong)raw[(i * width) + p] << (8 * p);
        return numbers;
    }

    public static byte[] Packed(ReadOnlySpan<ulong> numbers, int width)
    {
        var raw = new byte[numbers.Length * width];
        for (var i = 0; i < numbers.Length; i++)
            for (var p = 0; p < width; p++) raw[(i * width) + p] = (byte)((numbers[i] >> (8 * p)) & 0xFF);
        return raw;
    }

    public static ulong Mask(int bits) => bits == 64 ? ulong.MaxValue : (1UL << bits) - 1;

    /// <summary>A float turned back: its exponent had filled the top byte.</summary>
    public static ulong Unturned(ulong z, int bits) => z >> 1 | (z & 1) << (bits - 1);

    public static ulong Unzigzag(ulong z) => unchecked((z >> 1) ^ (0 - (z & 1)));

    /// <summary>The number whose difference to another one is known.</summary>
    public static ulong Undifference(ulong z, ulong other, int bits, bool isFloat)
    {
        var key = unchecked(Ordered(other, bits, isFloat) + Unzigzag(z)) & Mask(bits);
        return !isFloat ? key : key >> (bits - 1) == 1 ? key ^ 1UL << (bits - 1) : ~key & Mask(bits);
    }

    static ulong Ordered(ulong x, int bits, bool isFloat) =>
        !isFloat ? x : x >> (bits - 1) == 1 ? ~x & Mask(bits) : x | 1UL << (bits - 1);
}
