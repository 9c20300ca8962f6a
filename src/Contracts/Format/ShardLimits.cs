namespace Lineage.Contracts.Format;

/// <summary>Bounds of the shard object (docs/FORMAT.md, section 6). A reader checks them before it allocates; a writer before it
/// writes.</summary>
public static class ShardLimits
{
    /// <summary>Header, chunks and index begin at multiples of this many bytes.</summary>
    public const int Alignment = 64;

    public const int HeaderJsonBytesMax = 64 * 1024;

    public const long IndexBytesMax = 1L << 30;

    public const int TensorTableBytesMax = 64 * 1024 * 1024;

    public const int TensorsMax = 262_144;

    /// <summary>UTF-8 bytes of a tensor's name.</summary>
    public const int TensorNameBytesMax = 1_024;

    public const int DimensionsMax = 8;

    public const int ChunkElementsDefault = 65_536;

    /// <summary>A multiple of 8, so that types of 4 and 6 bits fill whole bytes in every chunk but the last.</summary>
    public const int ChunkElementsMin = 8;

    public const int ChunkElementsMax = 1_048_576;

    /// <summary>Smallest multiple of <see cref="Alignment"/> that is not below <paramref name="position"/>.</summary>
    public static long Align(long position) => checked(position + Alignment - 1) & ~(Alignment - 1L);
}
