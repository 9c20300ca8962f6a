using System.Buffers.Binary;
using System.Text;
using Lineage.Agents.Safetensors;
using Lineage.Tests.Property.Shards;

namespace Lineage.Tests.Property.Safetensors;

/// <summary>Safetensors files that never see a disk.</summary>
static class InMemory
{
    public static IReadOnlyList<SafetensorsTensor> Whole(MemoryTensors state) =>
        [.. state.Tensors.Select((_, i) => SafetensorsTensor.Whole(state, i))];

    public static byte[] Written(IReadOnlyList<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var stream = new MemoryStream();
        metadata ??= new Dictionary<string, string>(StringComparer.Ordinal);
        SafetensorsWriter.Write(stream, tensors, metadata, CancellationToken.None);
        return stream.ToArray();
    }

    /// <summary>A file of any header, right or wrong, and a buffer of so many zeros.</summary>
    public static byte[] File(ReadOnlySpan<byte> header, int buffer)
    {
        var bytes = new byte[8 + header.Length + buffer];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, header.Length);
        header.CopyTo(bytes.AsSpan(8));
        return bytes;
    }

    public static byte[] File(string header, int buffer) => File(Encoding.UTF8.GetBytes(header), buffer);
}
