using System.Text.Json.Serialization;

namespace Lineage.Contracts.Format;

/// <summary>Element types, by safetensors' names.</summary>
public enum TensorDtype
{
    BOOL, U8, I8, U16, I16, F16, BF16, U32, I32, F32, C64, F64, I64, U64, F8_E4M3, F8_E5M2, F8_E8M0, F8_E4M3FNUZ, F8_E5M2FNUZ, F4,
    F6_E2M3, F6_E3M2,
}

/// <summary>What a tensor is for; the codec and a reshard use it, correctness never depends on it.</summary>
public enum TensorRole { Opaque, Weight, Master, ExpAvg, ExpAvgSq, Gradient, Buffer, Rng, DataCursor, Scalar }

/// <summary>
/// One tensor of a rank's capture: this rank's rectangle (<paramref name="Offsets"/>, <paramref name="Sizes"/>) of a global tensor.
/// Row-major, little-endian, packed. An unsharded tensor has zero offsets and sizes equal to the global shape. A rectangle may be empty.
/// </summary>
/// <param name="Name">Fully-qualified name, unique in the capture.</param>
/// <param name="GlobalShape">Elements per dimension over all ranks; empty for a scalar.</param>
/// <param name="CastOf">Name of the tensor of the same capture that this one is the exact cast of (a bf16 weight of its fp32 master); null
/// if none.</param>
public sealed record TensorSpec(
    string Name, TensorDtype Dtype, IReadOnlyList<long> GlobalShape, IReadOnlyList<long> Offsets, IReadOnlyList<long> Sizes,
    TensorRole Role, string? CastOf = null)
{
    /// <summary>Elements of this rank's rectangle.</summary>
    [JsonIgnore]
    public long Elements => Sizes.Aggregate(1L, static (product, size) => checked(product * size));

    /// <summary>Bytes of this rank's rectangle.</summary>
    /// <exception cref="FormatException">A sub-byte type whose elements do not fill whole bytes.</exception>
    [JsonIgnore]
    public long Bytes
    {
        get
        {
            var bits = checked(Elements * Dtype.Bits());
            return bits % 8 == 0
                ? bits / 8
                : throw new FormatException($"Tensor {Name}: {Elements:N0} elements of {Dtype} do not fill whole bytes.");
        }
    }
}

public static class TensorDtypes
{
    /// <summary>Bits per element.</summary>
    public static int Bits(this TensorDtype dtype) => dtype switch
    {
        TensorDtype.F4 => 4,
        TensorDtype.F6_E2M3 or TensorDtype.F6_E3M2 => 6,
        TensorDtype.BOOL or TensorDtype.U8 or TensorDtype.I8 or TensorDtype.F8_E4M3 or TensorDtype.F8_E5M2 or TensorDtype.F8_E8M0
            or TensorDtype.F8_E4M3FNUZ or TensorDtype.F8_E5M2FNUZ => 8,
        TensorDtype.U16 or TensorDtype.I16 or TensorDtype.F16 or TensorDtype.BF16 => 16,
        TensorDtype.U32 or TensorDtype.I32 or TensorDtype.F32 => 32,
        TensorDtype.C64 or TensorDtype.F64 or TensorDtype.I64 or TensorDtype.U64 => 64,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "Not an element type of the format."),
    };
}
