namespace Lineage.Agents.Shards;

/// <summary>What a worker holds for its buffers' sake, kept from one save or load to the next instead of allocated anew. Thread
/// safe.</summary>
/// <param name="bytes">What an object holds while it is idle.</param>
/// <param name="bytesMax">What all idle objects may hold; one that comes back beyond that is disposed.</param>
sealed class Pool<T>(Func<T> make, Func<T, long> bytes, long bytesMax) where T : class, IDisposable
{
    readonly Lock gate = new();
    readonly Stack<(T Item, long Bytes)> idle = [];
    long held;

    /// <summary>For one thread at a time, until it is returned.</summary>
    public T Rent()
    {
        lock (gate)
            if (idle.TryPop(out var last))
            {
                held -= last.Bytes;
                return last.Item;
            }

        return make();
    }

    /// <param name="item">Not to be touched any more; returned once.</param>
    public void Return(T item)
    {
        var size = bytes(item);
        lock (gate)
            if (held + size <= bytesMax)
            {
                held += size;
                idle.Push((item, size));
                return;
            }

        item.Dispose();
    }
}
