using System.Runtime.InteropServices;

namespace Lineage.Agents.Capture;

/// <summary>
/// Memory outside the garbage collector's heap, with lengths beyond 2^31 bytes, 64-byte aligned. Not zeroed. Owned by whoever rented it
/// from a <see cref="BufferPool"/> until it is returned.
/// </summary>
public sealed unsafe class NativeBuffer : SafeHandle
{
    const nuint Alignment = 64;

    internal NativeBuffer(long capacity)
        : base(0, ownsHandle: true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        Capacity = capacity;
        SetHandle((nint)NativeMemory.AlignedAlloc((nuint)Math.Max(1, capacity), Alignment));
        GC.AddMemoryPressure(Math.Max(1, capacity));
    }

    /// <summary>Bytes.</summary>
    public long Capacity { get; }

    public override bool IsInvalid => handle == 0;

    /// <summary>A window on the memory.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The window does not lie inside.</exception>
    public Span<byte> Slice(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Capacity - offset);
        return new Span<byte>((byte*)handle + offset, length);
    }

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        GC.RemoveMemoryPressure(Math.Max(1, Capacity));
        return true;
    }
}
