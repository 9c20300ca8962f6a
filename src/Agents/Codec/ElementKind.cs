using System.Runtime.InteropServices;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Codec;

/// <summary>What the codec sees of a type: how wide the numbers are and whether they are sign and magnitude (floats) or plain
/// integers.</summary>
/// <param name="Width">Bytes: 1, 2, 4 or 8.</param>
/// <param name="Float">The top bit is a sign, the rest grows with the magnitude.</param>
/// <param name="MantissaBits">Bits below the exponent; 0 where the codec does not care.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ElementKind(int Width, bool Float, int MantissaBits = 0)
{
    /// <summary>Bits of a number.</summary>
    public int Bits => 8 * Width;

    /// <summary>The modes for floats know this type (docs/FORMAT.md, section 3.3).</summary>
    public bool IsCodedAsFloat => Float && MantissaBits > 0 && Width is (2 or 4);

    /// <summary>Docs/FORMAT.md, section 3.2. A complex number is two floats; types of 4 and 6 bits are taken as whole bytes.</summary>
    public static ElementKind Of(TensorDtype dtype) => dtype switch
    {
        TensorDtype.F16 => new(2, Float: true, 10),
        TensorDtype.BF16 => new(2, Float: true, 7),
        TensorDtype.F32 or TensorDtype.C64 => new(4, Float: true, 23),
        TensorDtype.F64 => new(8, Float: true),
        TensorDtype.F8_E4M3 or TensorDtype.F8_E5M2 or TensorDtype.F8_E4M3FNUZ or TensorDtype.F8_E5M2FNUZ => new(1, Float: true),
        TensorDtype.U16 or TensorDtype.I16 => new(2, Float: false),
        TensorDtype.U32 or TensorDtype.I32 => new(4, Float: false),
        TensorDtype.U64 or TensorDtype.I64 => new(8, Float: false),
        _ => new(1, Float: false),
    };
}
