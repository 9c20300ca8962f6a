using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Lineage.Agents.Codec.Kernels;

/// <summary>How many numbers a kernel takes at a time. What comes out is the same for each; <see cref="Scalar"/> is the
/// specification.</summary>
public enum LaneWidth { Scalar, Vector256, Vector512 }

/// <summary>Which widths this processor has.</summary>
public static class LaneWidths
{
    /// <summary>The widest that is there.</summary>
    public static LaneWidth Best { get; } = IsSupported(LaneWidth.Vector512) ? LaneWidth.Vector512
        : IsSupported(LaneWidth.Vector256) ? LaneWidth.Vector256 : LaneWidth.Scalar;

    public static bool IsSupported(LaneWidth width) => width switch
    {
        LaneWidth.Vector512 => Avx512F.IsSupported && Avx512BW.IsSupported && Avx512Vbmi2.IsSupported,
        LaneWidth.Vector256 => Avx2.IsSupported,
        _ => true,
    };
}

/// <summary>
/// The handful of operations that differ between instruction sets, over one vector of 32-bit lanes. A kernel is written once over them; a
/// number of 16 bits takes a lane of 32.
/// </summary>
interface ILanes<TVector>
{
    static abstract int Count { get; }

    static abstract TVector Of(uint value);

    static abstract TVector Load(ref uint at);

    /// <summary>16-bit numbers, widened.</summary>
    static abstract TVector Load(ref ushort at);

    static abstract TVector Load(ref byte at);

    static abstract void Store(TVector value, ref uint at);

    /// <summary>The low 16 bits of each lane.</summary>
    static abstract void Store(TVector value, ref ushort at);

    /// <summary>The low 8 bits of each lane.</summary>
    static abstract void Store(TVector value, ref byte at);

    static abstract TVector Add(TVector a, TVector b);

    static abstract TVector Subtract(TVector a, TVector b);

    static abstract TVector And(TVector a, TVector b);

    static abstract TVector Or(TVector a, TVector b);

    static abstract TVector Xor(TVector a, TVector b);

    /// <summary>Unsigned.</summary>
    static abstract TVector Min(TVector a, TVector b);

    /// <summary>Unsigned.</summary>
    static abstract TVector Max(TVector a, TVector b);

    static abstract TVector Left(TVector a, int bits);

    static abstract TVector Right(TVector a, int bits);

    /// <param name="bits">Each below 32.</param>
    static abstract TVector Left(TVector a, TVector bits);

    static abstract TVector Right(TVector a, TVector bits);
}

readonly struct Lanes1 : ILanes<uint>
{
    public static int Count => 1;

    public static uint Of(uint value) => value;

    public static uint Load(ref uint at) => at;

    public static uint Load(ref ushort at) => at;

    public static uint Load(ref byte at) => at;

    public static void Store(uint value, ref uint at) => at = value;

    public static void Store(uint value, ref ushort at) => at = unchecked((ushort)value);

    public static void Store(uint value, ref byte at) => at = unchecked((byte)value);

    public static uint Add(uint a, uint b) => unchecked(a + b);

    public static uint Subtract(uint a, uint b) => unchecked(a - b);

    public static uint And(uint a, uint b) => a & b;

    public static uint Or(uint a, uint b) => a | b;

    public static uint Xor(uint a, uint b) => a ^ b;

    public static uint Min(uint a, uint b) => Math.Min(a, b);

    public static uint Max(uint a, uint b) => Math.Max(a, b);

    public static uint Left(uint a, int bits) => a << bits;

    public static uint Right(uint a, int bits) => a >> bits;

    public static uint Left(uint a, uint bits) => a << (int)bits;

    public static uint Right(uint a, uint bits) => a >> (int)bits;
}

readonly struct Lanes8 : ILanes<Vector256<uint>>
{
    public static int Count => 8;

    public static Vector256<uint> Of(uint value) => Vector256.Create(value);

    public static Vector256<uint> Load(ref uint at) => Vector256.LoadUnsafe(ref at);

    public static Vector256<uint> Load(ref ushort at) => Avx2.ConvertToVector256Int32(Vector128.LoadUnsafe(ref at)).AsUInt32();

    public static Vector256<uint> Load(ref byte at) =>
        Avx2.ConvertToVector256Int32(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(ref at)).AsByte()).AsUInt32();

    public static void Store(Vector256<uint> value, ref uint at) => value.StoreUnsafe(ref at);

    public static void Store(Vector256<uint> value, ref ushort at) => Narrow(value).StoreUnsafe(ref at);

    public static void Store(Vector256<uint> value, ref byte at) =>
        Unsafe.WriteUnaligned(ref at, Vector128.Narrow(Narrow(value), default).AsUInt64().ToScalar());

    public static Vector256<uint> Add(Vector256<uint> a, Vector256<uint> b) => a + b;

    public static Vector256<uint> Subtract(Vector256<uint> a, Vector256<uint> b) => a - b;

    public static Vector256<uint> And(Vector256<uint> a, Vector256<uint> b) => a & b;

    public static Vector256<uint> Or(Vector256<uint> a, Vector256<uint> b) => a | b;

    public static Vector256<uint> Xor(Vector256<uint> a, Vector256<uint> b) => a ^ b;

    public static Vector256<uint> Min(Vector256<uint> a, Vector256<uint> b) => Vector256.Min(a, b);

    public static Vector256<uint> Max(Vector256<uint> a, Vector256<uint> b) => Vector256.Max(a, b);

    public static Vector256<uint> Left(Vector256<uint> a, int bits) => a << bits;

    public static Vector256<uint> Right(Vector256<uint> a, int bits) => a >>> bits;

    public static Vector256<uint> Left(Vector256<uint> a, Vector256<uint> bits) => Avx2.ShiftLeftLogicalVariable(a, bits);

    public static Vector256<uint> Right(Vector256<uint> a, Vector256<uint> bits) => Avx2.ShiftRightLogicalVariable(a, bits);

    static Vector128<ushort> Narrow(Vector256<uint> value) => Vector128.Narrow(value.GetLower(), value.GetUpper());
}

readonly struct Lanes16 : ILanes<Vector512<uint>>
{
    public static int Count => 16;

    public static Vector512<uint> Of(uint value) => Vector512.Create(value);

    public static Vector512<uint> Load(ref uint at) => Vector512.LoadUnsafe(ref at);

    public static Vector512<uint> Load(ref ushort at) => Avx512F.ConvertToVector512UInt32(Vector256.LoadUnsafe(ref at));

    public static Vector512<uint> Load(ref byte at) => Avx512F.ConvertToVector512UInt32(Vector128.LoadUnsafe(ref at));

    public static void Store(Vector512<uint> value, ref uint at) => value.StoreUnsafe(ref at);

    public static void Store(Vector512<uint> value, ref ushort at) => Avx512F.ConvertToVector256UInt16(value).StoreUnsafe(ref at);

    public static void Store(Vector512<uint> value, ref byte at) => Avx512F.ConvertToVector128Byte(value).StoreUnsafe(ref at);

    public static Vector512<uint> Add(Vector512<uint> a, Vector512<uint> b) => a + b;

    public static Vector512<uint> Subtract(Vector512<uint> a, Vector512<uint> b) => a - b;

    public static Vector512<uint> And(Vector512<uint> a, Vector512<uint> b) => a & b;

    public static Vector512<uint> Or(Vector512<uint> a, Vector512<uint> b) => a | b;

    public static Vector512<uint> Xor(Vector512<uint> a, Vector512<uint> b) => a ^ b;

    public static Vector512<uint> Min(Vector512<uint> a, Vector512<uint> b) => Vector512.Min(a, b);

    public static Vector512<uint> Max(Vector512<uint> a, Vector512<uint> b) => Vector512.Max(a, b);

    public static Vector512<uint> Left(Vector512<uint> a, int bits) => a << bits;

    public static Vector512<uint> Right(Vector512<uint> a, int bits) => a >>> bits;

    public static Vector512<uint> Left(Vector512<uint> a, Vector512<uint> bits) => Avx512F.ShiftLeftLogicalVariable(a, bits);

    public static Vector512<uint> Right(Vector512<uint> a, Vector512<uint> bits) => Avx512F.ShiftRightLogicalVariable(a, bits);
}

/// <summary>Spans of bytes as numbers, without a copy.</summary>
static class Numbers
{
    public static ref uint Words(ReadOnlySpan<byte> bytes) => ref Unsafe.As<byte, uint>(ref MemoryMarshal.GetReference(bytes));

    public static ref ushort Halves(ReadOnlySpan<byte> bytes) => ref Unsafe.As<byte, ushort>(ref MemoryMarshal.GetReference(bytes));
}
