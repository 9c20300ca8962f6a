using Lineage.Agents.Shards;

namespace Lineage.Agents.Capture;

/// <summary>
/// Keeps a bounded number of native buffers for reuse, because fresh memory costs a page fault per 4 KiB at the very moment when training
/// stands still. Thread safe.
/// </summary>
/// <param name="keptMax">Buffers kept for reuse; one returned beyond that is freed.</param>
public sealed class BufferPool(int keptMax = 3) : IDisposable
{
    readonly Lock gate = new();
    readonly List<NativeBytes> kept = [];
    bool disposed;

    /// <summary>A buffer of at least that many bytes; its content is whatever was there before.</summary>
    public NativeBytes Rent(long bytes)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            var found = kept.FindIndex(buffer => buffer.Length >= bytes);
            if (found >= 0)
            {
                var buffer = kept[found];
                kept.RemoveAt(found);
                return buffer;
            }
        }

        return new NativeBytes(bytes);
    }

    public void Return(NativeBytes buffer)
    {
        lock (gate)
        {
            if (!disposed && kept.Count < keptMax)
            {
                kept.Add(buffer);
                return;
            }
        }

        buffer.Dispose();
    }

    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            foreach (var buffer in kept) buffer.Dispose();
            kept.Clear();
        }
    }
}
