using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using Lineage.Agents.Codec.Kernels;

namespace Lineage.Agents.Codec;

/// <summary>
/// SHA-256 of many pieces at once: sixteen side by side where the processor has the vectors for it and they are of like size, else one
/// after the other by the base library. The digests are the same. Not thread safe.
/// </summary>
sealed unsafe class Sha256Lanes : IDisposable
{
    const int Lanes = Sha256Rounds.Lanes, BlockBytes = Sha256Rounds.BlockBytes, StateWords = 8, DigestBytes = 32;

    /// <summary>A lane that is done idles until the longest is; below this share of work the base library is faster.</summary>
    const double BusyMin = 0.6;

    readonly LaneWidth lanes;
    readonly Vector512<uint>* state, scratch;
    readonly byte* tails;
    readonly Lane[] queue = new Lane[Lanes];

    public Sha256Lanes(LaneWidth lanes)
    {
        this.lanes = lanes;
        state = (Vector512<uint>*)NativeMemory.AlignedAlloc((StateWords + 32) * 64 + (Lanes * 2 * BlockBytes), 64);
        scratch = state + StateWords;
        tails = (byte*)(scratch + 32);
    }

    /// <param name="bytes">Holds all pieces.</param>
    /// <param name="digests">32 bytes for each piece.</param>
    public void Hash(ReadOnlySpan<byte> bytes, ReadOnlySpan<StoredPiece> pieces, Span<byte> digests)
    {
        // Pieces of like size together: the longest first.
        Span<int> order = stackalloc int[pieces.Length];
        Span<int> lengths = stackalloc int[pieces.Length];
        for (var i = 0; i < pieces.Length; i++) (order[i], lengths[i]) = (i, -pieces[i].Length);
        lengths.Sort(order);
        for (var done = 0; done < pieces.Length; done += Lanes)
        {
            var some = order[done..Math.Min(done + Lanes, pieces.Length)];
            if (lanes == LaneWidth.Vector512 && IsWorthwhile(pieces, some)) HashTogether(bytes, pieces, some, digests);
            else
                foreach (var i in some)
                    SHA256.HashData(bytes.Slice(pieces[i].Offset, pieces[i].Length), digests.Slice(i * DigestBytes, DigestBytes));
        }
    }

    static bool IsWorthwhile(ReadOnlySpan<StoredPiece> pieces, ReadOnlySpan<int> some)
    {
        var sum = 0L;
        foreach (var i in some) sum += pieces[i].Length;
        return sum >= BusyMin * Lanes * pieces[some[0]].Length;
    }

    void HashTogether(ReadOnlySpan<byte> bytes, ReadOnlySpan<StoredPiece> pieces, ReadOnlySpan<int> some, Span<byte> digests)
    {
        fixed (byte* start = bytes)
        {
            for (var i = 0; i < Lanes; i++)
                queue[i] = i < some.Length ? Begin(start, pieces[some[i]], tails + (i * 2 * BlockBytes)) : default;
            for (var word = 0; word < StateWords; word++) state[word] = Vector512.Create(Sha256Rounds.Initial[word]);
            while (Advance()) { }
        }

        for (var i = 0; i < some.Length; i++)
            for (var word = 0; word < StateWords; word++)
                BinaryPrimitives.WriteUInt32BigEndian(digests[((some[i] * DigestBytes) + (4 * word))..], Word(word, i));
    }

    /// <summary>The whole blocks of a piece, and behind them its rest with the padding of FIPS 180-4, section 5.1.1.</summary>
    static Lane Begin(byte* start, StoredPiece piece, byte* tail)
    {
        var (whole, rest) = (piece.Length / BlockBytes, piece.Length % BlockBytes);
        var last = new Span<byte>(tail, 2 * BlockBytes);
        last.Clear();
        new ReadOnlySpan<byte>(start + piece.Offset + (whole * BlockBytes), rest).CopyTo(last);
        last[rest] = 0x80;
        var tailBlocks = rest < BlockBytes - 8 ? 1 : 2;
        BinaryPrimitives.WriteInt64BigEndian(last[((tailBlocks * BlockBytes) - 8)..], piece.Length * 8L);
        return whole > 0
            ? new Lane { Next = start + piece.Offset, Blocks = whole, Tail = tail, TailBlocks = tailBlocks }
            : new Lane { Next = tail, Blocks = tailBlocks };
    }

    /// <summary>As many blocks as every lane that is not done has before it; false when all are done.</summary>
    bool Advance()
    {
        var blocks = 0;
        var any = (byte*)null;
        foreach (ref var lane in queue.AsSpan())
        {
            if (lane.Blocks == 0 || (blocks > 0 && lane.Blocks >= blocks)) continue;
            blocks = lane.Blocks;
            any = lane.Next;
        }

        if (blocks == 0) return false;
        var messages = stackalloc byte*[Lanes];
        var kept = stackalloc uint[Lanes * StateWords];
        for (var i = 0; i < Lanes; i++)
        {
            var isDone = queue[i].Blocks == 0;
            messages[i] = isDone ? any : queue[i].Next;   // a lane that is done goes over another's bytes, and its state is put back
            for (var word = 0; isDone && word < StateWords; word++) kept[(i * StateWords) + word] = Word(word, i);
        }

        Sha256Rounds.Compress(messages, (nuint)blocks, state, scratch);
        for (var i = 0; i < Lanes; i++)
            if (queue[i].Blocks == 0)
                for (var word = 0; word < StateWords; word++) Word(word, i) = kept[(i * StateWords) + word];
            else queue[i].Take(blocks);
        return true;
    }

    ref uint Word(int word, int lane) => ref ((uint*)(state + word))[lane];

    public void Dispose() => NativeMemory.AlignedFree(state);

    [StructLayout(LayoutKind.Auto)]
    struct Lane
    {
        public byte* Next, Tail;
        public int Blocks, TailBlocks;

        public void Take(int blocks)
        {
            Next += (long)blocks * BlockBytes;
            Blocks -= blocks;
            if (Blocks > 0 || TailBlocks == 0) return;
            Next = Tail;
            (Blocks, TailBlocks) = (TailBlocks, 0);
        }
    }
}

/// <summary>Where stored bytes of a chunk lie in a buffer.</summary>
[StructLayout(LayoutKind.Auto)]
readonly record struct StoredPiece(int Offset, int Length);
