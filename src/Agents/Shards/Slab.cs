namespace Lineage.Agents.Shards;

/// <summary>A buffer outside the managed heap that grows when more is asked for, losing what it held. Not thread safe.</summary>
sealed class Slab : IDisposable
{
    /// <summary>Groups of chunks differ a little in size; a slab in steps of this many bytes seldom grows twice.</summary>
    const long Step = 64 << 10, LargeStep = 4 << 20;

    NativeBytes bytes = new(0);

    public long Length => bytes.Length;

    public void Reserve(long length)
    {
        if (bytes.Length >= length) return;
        var step = length > LargeStep ? LargeStep : Step;
        bytes.Dispose();
        bytes = new NativeBytes((length + step - 1) / step * step);
    }

    public Span<byte> Slice(int offset, int length) => bytes.Slice(offset, length);

    public void Dispose() => bytes.Dispose();
}
