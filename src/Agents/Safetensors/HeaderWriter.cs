using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Lineage.Agents.Shards;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Safetensors;

/// <summary>
/// The front of a safetensors file as the reference library writes it, byte for byte: its order of tensors, its JSON, blanks up to a
/// multiple of 8. Metadata, whose order it leaves to chance, are sorted.
/// </summary>
static class HeaderWriter
{
    /// <summary>The reference's <c>Dtype</c>, from small alignment to large; files begin with the largest.</summary>
    static readonly TensorDtype[] Alignment =
    [
        TensorDtype.BOOL, TensorDtype.F4, TensorDtype.F6_E2M3, TensorDtype.F6_E3M2, TensorDtype.U8, TensorDtype.I8, TensorDtype.F8_E5M2,
        TensorDtype.F8_E4M3, TensorDtype.F8_E8M0, TensorDtype.F8_E4M3FNUZ, TensorDtype.F8_E5M2FNUZ, TensorDtype.I16, TensorDtype.U16,
        TensorDtype.F16, TensorDtype.BF16, TensorDtype.I32, TensorDtype.U32, TensorDtype.F32, TensorDtype.C64, TensorDtype.F64,
        TensorDtype.I64, TensorDtype.U64,
    ];

    /// <summary>Widest types first, so that every tensor is aligned to its type; then by the UTF-8 bytes of the name.</summary>
    public static SafetensorsTensor[] Ordered(IReadOnlyList<SafetensorsTensor> tensors) =>
        [.. tensors.OrderByDescending(static t => Array.IndexOf(Alignment, t.Dtype))
            .ThenBy(static t => Encoding.UTF8.GetBytes(t.Name), Comparer<byte[]>.Create(static (a, b) => a.AsSpan().SequenceCompareTo(b)))];

    /// <param name="tensors">Checked and in order.</param>
    /// <exception cref="ShardLayoutException">It would be larger than readers accept.</exception>
    public static byte[] Write(IReadOnlyList<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var output = new ArrayBufferWriter<byte>();
        var separator = "{";
        if (metadata.Count > 0)
        {
            WriteMetadata(output, metadata);
            separator = ",";
        }

        var offset = 0L;
        foreach (var tensor in tensors)
        {
            Append(output, separator);
            AppendString(output, tensor.Name);
            var end = offset + tensor.Bytes;
            Append(output, string.Create(
                CultureInfo.InvariantCulture,
                $":{{\"dtype\":\"{tensor.Dtype}\",\"shape\":[{string.Join(',', tensor.Shape)}],\"data_offsets\":[{offset},{end}]}}"));
            offset = end;
            separator = ",";
            if (output.WrittenCount > SafetensorsLimits.HeaderBytesMax) break;
        }

        Append(output, tensors.Count + metadata.Count == 0 ? "{}" : "}");
        return Framed(output.WrittenSpan);
    }

    static byte[] Framed(ReadOnlySpan<byte> json)
    {
        var padded = (json.Length + 7) / 8 * 8;
        if (padded > SafetensorsLimits.HeaderBytesMax)
            throw new ShardLayoutException(
                $"The header takes {padded:N0} bytes or more, readers accept {SafetensorsLimits.HeaderBytesMax:N0}. Nothing was written.");
        var bytes = new byte[SafetensorsHeader.FixedBytes + padded];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, padded);
        json.CopyTo(bytes.AsSpan(SafetensorsHeader.FixedBytes));
        bytes.AsSpan(SafetensorsHeader.FixedBytes + json.Length).Fill((byte)' ');
        return bytes;
    }

    static void WriteMetadata(ArrayBufferWriter<byte> output, IReadOnlyDictionary<string, string> metadata)
    {
        var separator = "{\"__metadata__\":{";
        foreach (var (name, value) in metadata.OrderBy(static m => m.Key, StringComparer.Ordinal))
        {
            Append(output, separator);
            AppendString(output, name);
            Append(output, ":");
            AppendString(output, value);
            separator = ",";
        }

        Append(output, "}");
    }

    /// <summary>The escapes of serde_json are those of the canonical form.</summary>
    static void AppendString(ArrayBufferWriter<byte> output, string text) => output.Write(CanonicalJson.Write(text));

    static void Append(ArrayBufferWriter<byte> output, string text)
    {
        var written = Encoding.UTF8.GetBytes(text, output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length)));
        output.Advance(written);
    }
}
