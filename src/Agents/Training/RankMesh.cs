using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Training;

/// <summary>A peer died, went silent or broke the protocol. This rank's step is not done and its state is torn.</summary>
/// <param name="peer">The rank that was lost.</param>
public sealed class PeerLostException(Rank peer, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Stable code of this error.</summary>
    public string Code { get; } = ProblemCodes.PeerLost;

    public Rank Peer { get; } = peer;
}

/// <summary>
/// The ranks of one generation, each connected to each. One operation: every rank sends every other a piece and receives one from each;
/// sizes are known on both sides, so a frame of another size, generation or turn is refused, never interpreted.
/// A frame is 32 bytes of header (magic, length, generation, turn, XxHash3-64 of the payload; little-endian) and the payload.
/// </summary>
/// <remarks>Not thread safe: one exchange at a time, the same sequence of exchanges on every rank.</remarks>
public sealed class RankMesh(
    Rank rank, WorldSize worldSize, Generation generation, IReadOnlyDictionary<Rank, Socket> peers, TimeSpan deadline, TimeProvider clock)
    : IAsyncDisposable
{
    /// <summary>Largest payload of one frame, 1 GiB.</summary>
    public const int FrameBytesMax = 1 << 30;

    const uint Magic = 0x314D_4E4C;              // "LNM1"
    const int HeaderBytes = 32;

    ulong turn;

    public Rank Rank => rank;

    public WorldSize WorldSize => worldSize;

    /// <summary>Sends outgoing[q] to each peer q and fills incoming[q] from it; the own entries are not looked at.</summary>
    /// <param name="patience">Longest silence of a peer; null for the mesh's own deadline.</param>
    /// <exception cref="PeerLostException">Names the first peer that failed; the mesh is of no further use.</exception>
    public async Task ExchangeAsync(
        IReadOnlyList<byte[]> outgoing, IReadOnlyList<byte[]> incoming, TimeSpan? patience, CancellationToken ct)
    {
        turn++;
        using var bound = new CancellationTokenSource(patience ?? deadline, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, bound.Token);
        ExceptionDispatchInfo? first = null;

        async Task GuardAsync(Rank peer, Func<CancellationToken, Task> half)
        {
            try
            {
                await half(stop.Token);
            }
            catch (Exception failure) when (IsLoss(failure))
            {
                ct.ThrowIfCancellationRequested();
                var why = Explain(peer, failure, bound.IsCancellationRequested, patience ?? deadline);
                var lost = new PeerLostException(peer, why, failure);
                // Whoever fails first is the cause; the others are only cancelled by it.
                if (Interlocked.CompareExchange(ref first, ExceptionDispatchInfo.Capture(lost), null) is null) await stop.CancelAsync();
            }
        }

        await Task.WhenAll(peers.SelectMany(peer => (Task[])
        [
            GuardAsync(peer.Key, token => SendAsync(peer.Value, outgoing[peer.Key.Value], token)),
            GuardAsync(peer.Key, token => ReceiveAsync(peer.Value, incoming[peer.Key.Value], token)),
        ]));
        first?.Throw();
    }

    static bool IsLoss(Exception failure) =>
        failure is IOException or SocketException or OperationCanceledException or ObjectDisposedException;

    string Explain(Rank peer, Exception failure, bool silent, TimeSpan bound) =>
        $"Rank {rank} lost rank {peer} of generation {generation}: " +
        (silent && failure is OperationCanceledException
            ? string.Create(CultureInfo.InvariantCulture, $"nothing arrived for {bound.TotalSeconds:0.#} s")
            : failure.Message.TrimEnd('.')) +
        ". The step under way is void; sealed checkpoints are unharmed. The launcher starts the next generation. [peer-lost]";

    async Task SendAsync(Socket socket, byte[] payload, CancellationToken ct)
    {
        var header = new byte[HeaderBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), payload.Length);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), generation.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(16), turn);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(24), XxHash3.HashToUInt64(payload));
        await SendAllAsync(socket, header, ct);
        await SendAllAsync(socket, payload, ct);
    }

    async Task ReceiveAsync(Socket socket, byte[] payload, CancellationToken ct)
    {
        var header = new byte[HeaderBytes];
        await FillAsync(socket, header, ct);
        var magic = BinaryPrimitives.ReadUInt32LittleEndian(header);
        var length = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(4));
        var theirs = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(8));
        var theirTurn = BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(16));
        if (magic != Magic) throw new IOException($"it sent a frame that begins with {magic:x8} instead of {Magic:x8}");
        if (theirs != generation.Value) throw new IOException($"it sent a frame of generation {theirs}");
        if (theirTurn != turn) throw new IOException($"it sent turn {theirTurn} while this rank is at turn {turn}");
        if (length != payload.Length || length > FrameBytesMax)
            throw new IOException($"it sent {length:N0} bytes where {payload.Length:N0} are due");
        await FillAsync(socket, payload, ct);
        if (XxHash3.HashToUInt64(payload) != BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(24)))
            throw new IOException("it sent a payload that does not match its digest");
    }

    internal static async Task FillAsync(Socket socket, Memory<byte> buffer, CancellationToken ct)
    {
        while (!buffer.IsEmpty)
        {
            var read = await socket.ReceiveAsync(buffer, ct);
            if (read == 0) throw new IOException("it closed the connection");
            buffer = buffer[read..];
        }
    }

    internal static async Task SendAllAsync(Socket socket, ReadOnlyMemory<byte> buffer, CancellationToken ct)
    {
        while (!buffer.IsEmpty) buffer = buffer[await socket.SendAsync(buffer, ct)..];
    }

    public ValueTask DisposeAsync()
    {
        foreach (var socket in peers.Values) socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
