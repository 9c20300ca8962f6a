using Lineage.Agents.Codec;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Shards;

/// <summary>
/// The chunks of a shard on their way out, and what the index will say of them. Workers encode groups side by side and write them in
/// order: whoever is done early waits for its turn, so no more groups are in memory than there are workers.
/// </summary>
sealed class ShardBody(Stream destination, long position, int chunks, ChunkFeed feed, CodecPreset preset)
{
    readonly object gate = new();
    readonly byte[] entries = new byte[chunks * ChunkEntry.Size];
    readonly long[] modes = new long[Enum.GetValues<ChunkMode>().Length];
    int turn, written;
    bool failed;

    public ReadOnlySpan<byte> Entries => entries;

    /// <summary>Where the next byte goes in the object.</summary>
    public long Position { get; private set; } = position;

    public long RawBytes { get; private set; }

    public long EncodedBytes { get; private set; }

    public ChunkModeCounts Modes => ChunkModeCounts.Of(modes);

    public void Write(int workers, CancellationToken ct) => Crew.Run(workers, () =>
    {
        var encoder = GroupEncoder.Rent(feed, preset);
        try
        {
            while (feed.TryNext(out var number, out var group))
            {
                ct.ThrowIfCancellationRequested();
                encoder.Encode(group);
                WriteInTurn(number, encoder);
            }
        }
        catch
        {
            Fail();
            throw;
        }
        finally
        {
            GroupEncoder.Return(encoder);
        }
    });

    void WriteInTurn(int number, GroupEncoder encoder)
    {
        lock (gate)
        {
            while (turn != number && !failed) Monitor.Wait(gate);
            if (failed) throw new OperationCanceledException("Another worker of this shard has failed.");
        }

        // Until the turn is passed on, nobody else is here.
        destination.Write(encoder.Stored);
        foreach (var entry in encoder.Entries)
        {
            (entry with { StoredOffset = Position + entry.StoredOffset }).Write(entries.AsSpan(written++ * ChunkEntry.Size));
            RawBytes += entry.RawBytes;
            EncodedBytes += entry.StoredBytes;
            modes[(int)entry.Mode]++;
        }

        Position += encoder.Stored.Length;
        lock (gate)
        {
            turn++;
            Monitor.PulseAll(gate);
        }
    }

    void Fail()
    {
        feed.Stop();
        lock (gate)
        {
            failed = true;
            Monitor.PulseAll(gate);
        }
    }
}
