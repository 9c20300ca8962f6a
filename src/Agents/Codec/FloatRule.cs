using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Lineage.Agents.Codec.Kernels;

namespace Lineage.Agents.Codec;

/// <summary>
/// How a run of floats is cut into symbols and low bits (docs/FORMAT.md, section 3.3). Of the residual z the lowest s bits are stored as
/// they are; the rest, q = z >> s, or top - (z >> s), is a symbol: q itself below 255, else 255 and q in a list of its own.
/// </summary>
/// <param name="ByExponent">s = shift - the base's exponent, held within 0 and <see cref="ShiftMax"/>: an update of one size is a larger
/// difference in a smaller number.</param>
/// <param name="Shift">s, or what the base's exponent is taken from.</param>
/// <param name="Top">Where symbols count down from, for residuals of the number itself, where the largest are the most frequent; for
/// <see cref="FloatResidual.Rows"/> how long a row is.</param>
[StructLayout(LayoutKind.Auto)]
readonly record struct FloatRule(FloatResidual Residual, bool ByExponent, int Shift, uint Top)
{
    /// <summary>Bytes in front of the coded run.</summary>
    public const int HeaderBytes = 16;

    /// <summary>Symbols from here on stand for a listed value.</summary>
    public const int Escape = 255;

    public bool CountsDown => Residual is not (FloatResidual.Difference or FloatResidual.Rows);

    /// <summary>Low bits of a number at most, so that a symbol holds the rest.</summary>
    public static int ShiftMax(ElementKind kind) => kind.Bits - 8;

    /// <summary>The header with room for the lengths of the two sections that follow it.</summary>
    public void Write(Span<byte> header, int lowBytes, int listedBytes)
    {
        header[0] = (byte)((int)Residual | (ByExponent ? 0x80 : 0));
        header[1] = (byte)Shift;
        header[2] = header[3] = 0;
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], Top);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], lowBytes);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], listedBytes);
    }

    /// <summary>Null if the rule makes sense for that type; otherwise what is wrong with it.</summary>
    public static string? Read(ReadOnlySpan<byte> header, ElementKind kind, out FloatRule rule)
    {
        rule = new FloatRule(
            (FloatResidual)(header[0] & 0x7F), (header[0] & 0x80) != 0, header[1], BinaryPrimitives.ReadUInt32LittleEndian(header[4..]));
        if (!Enum.IsDefined(rule.Residual)) return $"residual {(byte)rule.Residual} is not known";
        if (header[2] != 0 || header[3] != 0) return "reserved bytes of a run of floats are not zero";
        if (rule.ByExponent && rule.Residual != FloatResidual.Difference) return "only differences are shifted by the base's exponent";
        if (!rule.ByExponent && rule.Shift > ShiftMax(kind)) return $"a shift of {rule.Shift} bits; at most {ShiftMax(kind)} are allowed";
        return rule.Residual switch
        {
            FloatResidual.Difference when rule.Top != 0 => "differences count from zero, but a top is given",
            FloatResidual.Rows when kind.Width != 4 || rule.Top is < RowResidual.RowMin or > int.MaxValue / 8 =>
                $"rows of {rule.Top:N0} numbers of {kind.Width} bytes",
            _ => null,
        };
    }
}
