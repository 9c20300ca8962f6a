using System.Buffers.Binary;
using Lineage.Agents.Shards;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Safetensors;

/// <summary>Reads a safetensors file strictly. The tensors come in the order of their bytes, whole, with the role <c>opaque</c>. Not thread
/// safe.</summary>
public sealed class SafetensorsReader : ITensorBytes, IDisposable
{
    readonly Stream source;

    SafetensorsReader(Stream source, SafetensorsHeader header)
    {
        this.source = source;
        Header = header;
        Tensors = [.. header.Entries.Select(static entry => entry.Spec)];
    }

    public IReadOnlyList<TensorSpec> Tensors { get; }

    public IReadOnlyDictionary<string, string> Metadata => Header.Metadata;

    internal SafetensorsHeader Header { get; }

    internal long FileBytes => source.Length;

    /// <exception cref="ShardFormatException">It is no whole safetensors file; the message names file, offset and reason.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static SafetensorsReader Open(string path) => Open(File.OpenRead(path), path);

    /// <param name="source">Seekable; disposed with the reader, and when opening fails.</param>
    public static SafetensorsReader Open(Stream source, string name)
    {
        try
        {
            return new SafetensorsReader(source, ReadHeader(source, name));
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    static SafetensorsHeader ReadHeader(Stream source, string name)
    {
        Span<byte> front = stackalloc byte[SafetensorsHeader.FixedBytes];
        source.Position = 0;
        if (source.ReadAtLeast(front, front.Length, throwOnEndOfStream: false) < front.Length)
            throw new ShardFormatException(
                name, source.Length, $"a safetensors file has at least {front.Length} bytes, got {source.Length}.", Finding.Truncated);
        var size = BinaryPrimitives.ReadUInt64LittleEndian(front);
        if (size > SafetensorsLimits.HeaderBytesMax)
            throw new ShardFormatException(
                name, 0, $"the header is said to take {size:N0} bytes; at most {SafetensorsLimits.HeaderBytesMax:N0} are allowed.");
        if ((long)size > source.Length - front.Length)
            throw new ShardFormatException(
                name, source.Length, $"the header takes {size:N0} bytes, {source.Length - front.Length:N0} are there.", Finding.Truncated);
        var json = GC.AllocateUninitializedArray<byte>((int)size);
        source.ReadExactly(json);
        return HeaderParser.Parse(json, source.Length, name);
    }

    public void Read(int tensor, long byteOffset, Span<byte> destination)
    {
        var entry = Header.Entries[tensor];
        ArgumentOutOfRangeException.ThrowIfNegative(byteOffset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(byteOffset, entry.End - entry.Begin - destination.Length);
        source.Position = Header.BufferAt + entry.Begin + byteOffset;
        source.ReadExactly(destination);
    }

    public void Dispose() => source.Dispose();
}
