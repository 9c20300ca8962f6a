using Lineage.Agents.Shards;

namespace Lineage.Agents.Tiers;

/// <summary>
/// Writes a new file past the page cache (open(2): O_DIRECT) once it turns out to be large, one buffer going to the disk while the next
/// is filled. Nobody reads a shard back from memory that was just written, and going through the cache costs a copy, evicts what training
/// needs and leaves all the waiting to the final fsync. Where the file system has no direct writes, it writes as usual.
/// </summary>
/// <remarks>A crash leaves any part of the file. One thread at a time.</remarks>
internal sealed class DirectWriter(FileStream file) : IAsyncDisposable
{
    /// <summary>Files up to here are written as usual; also where direct writing begins.</summary>
    public const int DirectFrom = 4 << 20;

    const int BufferBytes = 8 << 20, BlockBytes = 4_096;

    NativeBytes? filling, writing;
    Task pending = Task.CompletedTask;
    long position;
    int filled;
    bool isDirect, isUsual;

    /// <exception cref="IOException">This or an earlier write failed.</exception>
    public void Write(ReadOnlySpan<byte> source)
    {
        while (!source.IsEmpty)
        {
            var taken = isDirect ? Fill(source) : WriteUsual(source);
            source = source[taken..];
        }
    }

    int WriteUsual(ReadOnlySpan<byte> source)
    {
        var taken = isUsual ? source.Length : (int)Math.Min(source.Length, DirectFrom - position);
        RandomAccess.Write(file.SafeFileHandle, source[..taken], position);
        position += taken;
        if (!isUsual && position == DirectFrom)
        {
            isDirect = NativeFiles.TrySetDirect(file.SafeFileHandle, direct: true);
            isUsual = !isDirect;
        }

        return taken;
    }

    int Fill(ReadOnlySpan<byte> source)
    {
        filling ??= new NativeBytes(BufferBytes);
        var taken = Math.Min(source.Length, BufferBytes - filled);
        source[..taken].CopyTo(filling.Slice(filled, taken));
        filled += taken;
        if (filled == BufferBytes) Send();
        return taken;
    }

    void Send()
    {
        pending.GetAwaiter().GetResult();   // back-pressure: the disk is behind, and what failed there is told here
        (filling, writing) = (writing, filling);
        var (full, at) = (writing!, position);
        pending = Task.Run(() => RandomAccess.Write(file.SafeFileHandle, full.Slice(0, BufferBytes), at));
        position += BufferBytes;
        filled = 0;
    }

    /// <summary>Everything is in the file when this returns; not yet on stable storage.</summary>
    /// <exception cref="IOException">This or an earlier write failed.</exception>
    public async ValueTask FinishAsync()
    {
        await pending;
        if (!isDirect) return;
        var blocks = filled / BlockBytes * BlockBytes;
        if (blocks > 0) RandomAccess.Write(file.SafeFileHandle, filling!.Slice(0, blocks), position);
        NativeFiles.TrySetDirect(file.SafeFileHandle, direct: false);
        var rest = filled - blocks;
        if (rest > 0) RandomAccess.Write(file.SafeFileHandle, filling!.Slice(blocks, rest), position + blocks);
        position += filled;
        (filled, isDirect, isUsual) = (0, false, true);
    }

    /// <summary>Waits for a write on its way before its buffer goes; if that fails, somebody was told already or nobody asked.</summary>
    public async ValueTask DisposeAsync()
    {
        await pending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        filling?.Dispose();
        writing?.Dispose();
    }
}
