using System.Buffers.Binary;
using System.Text.Json;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Format;

/// <summary>Which codec wrote the chunks, and its version.</summary>
public sealed record CodecName(string Name, ushort Version);

/// <summary>
/// The front of a shard object (docs/FORMAT.md, section 3.1): magic, version, and whose bytes follow. <c>magic 8 | version u16 | flags u16
/// | length u32 |
/// canonical JSON | zeros up to a multiple of 64</c>.
/// </summary>
public sealed record ShardHeader(ShardIdentity Identity, CodecName Codec, int ChunkElements)
{
    public const ushort Version = 1;
    public const int FixedBytes = 16;

    /// <summary>A byte above 127 and both line ends, so that a transfer that took the object for text is found at once.</summary>
    public static ReadOnlySpan<byte> Magic => [0x8A, (byte)'L', (byte)'S', (byte)'H', (byte)'D', 0x0D, 0x0A, 0x1A];

    static readonly JsonSerializerOptions Strict =
        new(CanonicalJson.Options) { RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    /// <exception cref="FormatException">The identity breaks a rule of the format.</exception>
    public byte[] Write()
    {
        var body = Body.Of(this);
        body.ToHeader();   // refuses what a reader would refuse
        var json = CanonicalJson.Write(body);
        if (json.Length > ShardLimits.HeaderJsonBytesMax)
            throw new FormatException($"The identity takes {json.Length:N0} bytes, at most {ShardLimits.HeaderJsonBytesMax:N0} fit.");
        var bytes = new byte[Length(json.Length)];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), (uint)json.Length);
        json.CopyTo(bytes, FixedBytes);
        return bytes;
    }

    /// <summary>Checks the first <see cref="FixedBytes"/> bytes.</summary>
    /// <returns>Length of the whole header, padding included.</returns>
    public static int ReadLength(ReadOnlySpan<byte> fixedPart, string file)
    {
        if (!fixedPart[..8].SequenceEqual(Magic))
            throw new ShardFormatException(
                file, 0, $"no shard object: it begins with {Convert.ToHexString(fixedPart[..8])}, expected {Convert.ToHexString(Magic)}.");
        var version = BinaryPrimitives.ReadUInt16LittleEndian(fixedPart[8..]);
        if (version != Version) throw new ShardFormatException(file, 8, $"header version is {version}, this reader knows {Version}.");
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(fixedPart[10..]);
        if (flags != 0) throw new ShardFormatException(file, 10, $"header flags are 0x{flags:x4}, version {Version} has none.");
        var json = BinaryPrimitives.ReadUInt32LittleEndian(fixedPart[12..]);
        if (json is 0 or > ShardLimits.HeaderJsonBytesMax)
            throw new ShardFormatException(
                file, 12, $"the identity is said to take {json:N0} bytes; allowed are 1-{ShardLimits.HeaderJsonBytesMax:N0}.");
        return Length((int)json);
    }

    /// <param name="bytes">The whole header, as long as <see cref="ReadLength"/> said.</param>
    public static ShardHeader Read(ReadOnlySpan<byte> bytes, string file)
    {
        var length = ReadLength(bytes[..FixedBytes], file);
        if (bytes.Length != length) throw new ShardFormatException(file, 0, $"the header takes {length:N0} bytes, got {bytes.Length:N0}.");
        var json = bytes.Slice(FixedBytes, (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]));
        var padding = bytes[(FixedBytes + json.Length)..].IndexOfAnyExcept((byte)0);
        if (padding >= 0) throw new ShardFormatException(file, FixedBytes + json.Length + padding, "the header's padding is not zero.");
        try
        {
            var header = JsonSerializer.Deserialize<Body>(json, Strict)?.ToHeader();
            if (header is not null && header.Write().AsSpan().SequenceEqual(bytes)) return header;
            throw new ShardFormatException(
                file, FixedBytes, "the identity is not in canonical form, or has members that this version does not know.");
        }
        catch (Exception e) when (e is JsonException or FormatException and not ShardFormatException)
        {
            throw new ShardFormatException(file, FixedBytes, $"the identity cannot be read: {e.Message}");
        }
    }

    static int Length(int json) => (int)ShardLimits.Align(FixedBytes + json);

    /// <summary>The JSON form.</summary>
    sealed record Body(
        RunId Run, Generation Generation, Step Step, Rank Rank, WorldSize WorldSize, BaseShard? Base, CodecName Codec,
        ContentHash LayoutDigest, int ChunkElements)
    {
        public static Body Of(ShardHeader header)
        {
            var (shard, world, layout, link) = header.Identity;
            return new Body(
                shard.Checkpoint.Run, shard.Checkpoint.Generation, shard.Checkpoint.Step, shard.Rank, world, link, header.Codec, layout,
                header.ChunkElements);
        }

        public ShardHeader ToHeader()
        {
            if (WorldSize.Value == 0 || !WorldSize.Contains(Rank))
                throw new FormatException($"rank {Rank} lies outside a world of {WorldSize}.");
            if (ChunkElements is < ShardLimits.ChunkElementsMin or > ShardLimits.ChunkElementsMax || ChunkElements % 8 != 0)
                throw new FormatException(
                    $"chunkElements is {ChunkElements}; allowed are multiples of 8 in " +
                    $"[{ShardLimits.ChunkElementsMin}-{ShardLimits.ChunkElementsMax}].");
            if (Codec.Name.Length is 0 or > 64) throw new FormatException("the codec's name takes 1-64 characters.");
            var shard = new ShardId(new CheckpointId(Run, Generation, Step), Rank);
            if (Base?.Checkpoint == shard.Checkpoint) throw new FormatException("the base is the checkpoint itself.");
            return new ShardHeader(new ShardIdentity(shard, WorldSize, LayoutDigest, Base), Codec, ChunkElements);
        }
    }
}
