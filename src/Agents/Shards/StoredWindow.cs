using Lineage.Agents.Codec;
using Lineage.Agents.Codec.Kernels;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Shards;

/// <summary>
/// Stored bytes of a few chunks along all links of a chain, read in large pieces and checked together (<see cref="Sha256Lanes"/>). Keeps
/// its buffers, and gives them on when it is disposed. One thread at a time.
/// </summary>
/// <param name="isChecked">The stored digests were checked before and are not checked again.</param>
sealed class StoredWindow(IReadOnlyList<ShardReader> links, bool isChecked = false) : IDisposable
{
    const long IdleBytesMax = 256 << 20;
    static readonly Pool<Slab> Idle = new(static () => new Slab(), static slab => slab.Length, IdleBytesMax);

    readonly Sha256Lanes digests = new(LaneWidths.Best);
    readonly Slab?[] buffers = new Slab?[links.Count];
    readonly Dictionary<(int Link, int Chunk), StoredPiece> pieces = [];
    readonly byte[] computed = new byte[GroupPlan.ChunksMax * ContentHash.SizeBytes];

    /// <summary>Reads and checks what these chunks of the top link need: theirs, and of each link below those that the one above refers
    /// to. What was there before is forgotten.</summary>
    /// <param name="chunks">Rising; at most <see cref="GroupPlan.ChunksMax"/>.</param>
    /// <exception cref="ShardFormatException">A chunk was altered or cut off.</exception>
    public void Fill(ReadOnlySpan<int> chunks)
    {
        pieces.Clear();
        Span<int> wanted = stackalloc int[GroupPlan.ChunksMax];
        chunks.CopyTo(wanted);
        wanted = wanted[..chunks.Length];
        for (var link = links.Count - 1; link >= 0 && !wanted.IsEmpty; link--)
        {
            Fill(link, wanted);
            var left = 0;
            foreach (var chunk in wanted)
                if (links[link].Entry(chunk).Mode.NeedsBase()) wanted[left++] = chunk;
            wanted = wanted[..left];
        }
    }

    /// <summary>Likewise, of every link.</summary>
    public void FillAll(ReadOnlySpan<int> chunks)
    {
        pieces.Clear();
        for (var link = 0; link < links.Count; link++) Fill(link, chunks);
    }

    public bool TryGet(int link, int chunk, out ReadOnlySpan<byte> stored)
    {
        var found = pieces.TryGetValue((link, chunk), out var piece);
        stored = found ? buffers[link]!.Slice(piece.Offset, piece.Length) : default;
        return found;
    }

    void Fill(int link, ReadOnlySpan<int> chunks)
    {
        var reader = links[link];
        var (bytes, slab) = (0, buffers[link] ??= Idle.Rent());
        foreach (var chunk in chunks) bytes += ShardReader.Padded(reader.Entry(chunk));
        slab.Reserve(bytes);
        Span<StoredPiece> list = stackalloc StoredPiece[chunks.Length];
        var (at, runStart, runOffset) = (0, 0, 0L);
        for (var i = 0; i < chunks.Length; i++)
        {
            var entry = reader.Entry(chunks[i]);
            if (at > runStart && runOffset + (at - runStart) != entry.StoredOffset)
            {
                reader.ReadRange(runOffset, slab.Slice(runStart, at - runStart));
                runStart = at;
            }

            if (at == runStart) runOffset = entry.StoredOffset;
            list[i] = new StoredPiece(at, entry.StoredBytes);
            at += ShardReader.Padded(entry);
        }

        if (at > runStart) reader.ReadRange(runOffset, slab.Slice(runStart, at - runStart));
        Check(link, slab.Slice(0, bytes), chunks, list);
    }

    void Check(int link, ReadOnlySpan<byte> bytes, ReadOnlySpan<int> chunks, ReadOnlySpan<StoredPiece> list)
    {
        for (var i = 0; i < chunks.Length; i++) pieces[(link, chunks[i])] = list[i];
        if (isChecked) return;
        digests.Hash(bytes, list, computed);
        for (var i = 0; i < chunks.Length; i++)
        {
            var entry = links[link].Entry(chunks[i]);
            var padded = bytes.Slice(list[i].Offset, ShardReader.Padded(entry));
            var digest = computed.AsSpan(i * ContentHash.SizeBytes, ContentHash.SizeBytes);
            links[link].CheckStored(entry, padded, ContentHash.FromDigest(digest));
        }
    }

    public void Dispose()
    {
        digests.Dispose();
        for (var link = 0; link < buffers.Length; link++)
            if (Interlocked.Exchange(ref buffers[link], null) is { } slab) Idle.Return(slab);
    }
}
