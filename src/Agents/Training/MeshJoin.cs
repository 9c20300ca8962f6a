using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Training;

/// <summary>
/// Joins a generation's world: listen, register at the rendezvous, receive all addresses, then the higher rank of each pair connects to
/// the lower one. A connection opens with a greeting of 48 bytes (generation, rank, SHA-256 of the token); one that greets otherwise is
/// closed and waited for no longer.
/// </summary>
public static class MeshJoin
{
    const int GreetingBytes = 48;

    /// <exception cref="RendezvousException">The rendezvous refused this rank, or the world did not form in time.</exception>
    public static async Task<RankMesh> JoinAsync(MeshSettings settings, TimeProvider clock, CancellationToken ct)
    {
        using var bound = new CancellationTokenSource(settings.JoinDeadline, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, bound.Token);
        var peers = new Dictionary<Rank, Socket>();
        try
        {
            using var listener = NewSocket(settings.Listen.AddressFamily);
            listener.Bind(new IPEndPoint(settings.Listen, 0));
            listener.Listen(settings.WorldSize.Value);
            var addresses = await RegisterAsync(settings, (IPEndPoint)listener.LocalEndPoint!, stop.Token);
            foreach (var lower in addresses.Where(a => a.Rank < settings.Rank))
                peers.Add(lower.Rank, await ConnectAsync(settings, lower, stop.Token));
            while (peers.Count < settings.WorldSize.Value - 1) await AcceptAsync(settings, listener, peers, stop.Token);
            return new RankMesh(settings.Rank, settings.WorldSize, settings.Generation, peers, settings.PeerDeadline, clock);
        }
        catch (Exception failure) when (IsAbout(failure) && !ct.IsCancellationRequested)
        {
            foreach (var socket in peers.Values) socket.Dispose();
            var why = bound.IsCancellationRequested
                ? $"it did not form within {(long)settings.JoinDeadline.TotalSeconds} s"
                : failure.Message.TrimEnd('.');
            throw new RendezvousException(
                $"Rank {settings.Rank} could not join the world of {settings.WorldSize} ranks of generation {settings.Generation} " +
                $"through {settings.Rendezvous}: {why}. Nothing was trained. " +
                "The launcher starts the next generation. [rendezvous-failed]", failure);
        }
    }

    static bool IsAbout(Exception failure) => failure is IOException or SocketException or OperationCanceledException;

    static async Task<IReadOnlyList<PeerAddress>> RegisterAsync(MeshSettings settings, IPEndPoint listening, CancellationToken ct)
    {
        using var socket = NewSocket(settings.Rendezvous.AddressFamily);
        await socket.ConnectAsync(settings.Rendezvous, ct);
        var join = new JoinWorld(
            settings.Token, settings.Generation, settings.Rank, settings.WorldSize,
            listening.Address.ToString(), listening.Port, Environment.ProcessId);
        await RendezvousFrames.WriteAsync(socket, join, ct);
        var formed = await RendezvousFrames.ReadAsync<WorldFormed>(socket, ct);
        if (formed.Peers is not { } peers) throw new IOException(formed.Refusal ?? "the rendezvous refused without a reason");
        var complete = peers.Select(p => p.Rank).Order().SequenceEqual(settings.WorldSize.Ranks);
        return complete
            ? peers
            : throw new IOException($"the rendezvous named {peers.Count} peers instead of ranks 0-{settings.WorldSize.Value - 1}");
    }

    static async Task<Socket> ConnectAsync(MeshSettings settings, PeerAddress peer, CancellationToken ct)
    {
        var address = IPAddress.Parse(peer.Host);
        var socket = NewSocket(address.AddressFamily);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address, peer.Port), ct);
            await RankMesh.SendAllAsync(socket, Greeting(settings, settings.Rank), ct);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    static async Task AcceptAsync(MeshSettings settings, Socket listener, Dictionary<Rank, Socket> peers, CancellationToken ct)
    {
        var socket = await listener.AcceptAsync(ct);
        socket.NoDelay = true;
        var greeting = new byte[GreetingBytes];
        try
        {
            await RankMesh.FillAsync(socket, greeting, ct);
        }
        catch (Exception broken) when (broken is IOException or SocketException)
        {
            socket.Dispose();                  // a stranger who hung up; the peer itself will still come, or the deadline passes
            return;
        }

        var number = BinaryPrimitives.ReadInt64LittleEndian(greeting.AsSpan(8));
        var expected = number > settings.Rank.Value && number < settings.WorldSize.Value && !peers.ContainsKey(Rank.From(number));
        if (expected && CryptographicOperations.FixedTimeEquals(greeting, Greeting(settings, Rank.From(number))))
            peers.Add(Rank.From(number), socket);
        else socket.Dispose();
    }

    static byte[] Greeting(MeshSettings settings, Rank from)
    {
        var greeting = new byte[GreetingBytes];
        BinaryPrimitives.WriteInt64LittleEndian(greeting, settings.Generation.Value);
        BinaryPrimitives.WriteInt64LittleEndian(greeting.AsSpan(8), from.Value);
        SHA256.HashData(Encoding.UTF8.GetBytes(settings.Token), greeting.AsSpan(16));
        return greeting;
    }

    /// <summary>Small frames must not wait for more, and a peer whose host vanished must be noticed by the kernel as well.</summary>
    static Socket NewSocket(AddressFamily family)
    {
        var socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, optionValue: true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 5);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 2);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        return socket;
    }
}
