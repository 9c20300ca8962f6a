using System.Runtime.InteropServices;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Shards;

/// <summary>Memory outside the managed heap, of any length, on a 64-byte boundary. Its content is undefined until written.</summary>
/// <remarks>Large ones ask the kernel for huge pages: fresh memory costs a fault per page, and 512 times fewer of them.</remarks>
public sealed unsafe partial class NativeBytes : SafeHandle
{
    const long HugePageBytes = 2 << 20;
    static long live;

    /// <summary>Bytes that all objects of this process hold at the moment.</summary>
    public static long LiveBytes => Interlocked.Read(ref live);

    /// <exception cref="OutOfMemoryException">There is not that much.</exception>
    public NativeBytes(long length) : base(invalidHandleValue: 0, ownsHandle: true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        var isLarge = length >= 2 * HugePageBytes;
        SetHandle((nint)NativeMemory.AlignedAlloc((nuint)Math.Max(1, length), (nuint)(isLarge ? HugePageBytes : ShardLimits.Alignment)));
        if (isLarge) _ = Advise((void*)handle, (nuint)(length / HugePageBytes * HugePageBytes), HugePages);   // advice: it may be ignored
        GC.AddMemoryPressure(Math.Max(1, length));
        Interlocked.Add(ref live, length);
    }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    public override bool IsInvalid => handle == 0;

    /// <summary>Whoever uses the span keeps this object alive and undisposed meanwhile.</summary>
    public Span<byte> Slice(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return new Span<byte>((byte*)handle + offset, length);
    }

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        GC.RemoveMemoryPressure(Math.Max(1, Length));
        Interlocked.Add(ref live, -Length);
        return true;
    }

    /// <summary>MADV_HUGEPAGE of Linux's mman.h.</summary>
    const int HugePages = 14;

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
