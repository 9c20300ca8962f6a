using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Lineage.ChaosHarness.Simulation;

namespace Lineage.ChaosHarness.Faults;

/// <summary>
/// A link of our own between a client and a server on loopback, which can be hurt without root and without touching anybody else's
/// traffic. A kernel that has no netem has this.
/// </summary>
/// <remarks>Works on the stream, not on packets: it can be late, stand still, break or lie, but never lose or reorder what both ends
/// believe delivered, as TCP itself does not.</remarks>
public sealed class TcpProxy : IAsyncDisposable
{
    const int PieceBytes = 16 << 10;

    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource ending = new();
    readonly ConcurrentDictionary<Link, bool> links = new();   // the keys are the connections that there are
    readonly int server;
    readonly TimeProvider clock;
    readonly Task accepting;
    TaskCompletionSource changed = NewChange();
    LinkState state = LinkState.Healthy;
    readonly SeededStream delays;
    long connections, toServer, toClient, held, delayed, flipped, reset, dripped, cut;

    /// <param name="server">Port on loopback that connections are passed on to.</param>
    /// <param name="seed">Settles how late each piece is where delays vary.</param>
    public TcpProxy(int server, TimeProvider clock, long seed = 0)
    {
        (this.server, this.clock, delays) = (server, clock, SeededStream.Of(seed, purpose: 0));
        listener.Start();
        accepting = AcceptAsync();
    }

    /// <summary>Where clients connect.</summary>
    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Takes effect on connections that are there and on new ones.</summary>
    public LinkState State
    {
        get => Volatile.Read(ref state);
        set
        {
            Volatile.Write(ref state, value);
            Interlocked.Exchange(ref changed, NewChange()).SetResult();
        }
    }

    public LinkTally Tally => new(
        Interlocked.Read(ref connections), Interlocked.Read(ref toServer), Interlocked.Read(ref toClient), Interlocked.Read(ref held),
        Interlocked.Read(ref delayed), Interlocked.Read(ref flipped), Interlocked.Read(ref reset), Interlocked.Read(ref dripped),
        Interlocked.Read(ref cut));

    /// <summary>Breaks off every connection, both ends at once.</summary>
    /// <returns>How many.</returns>
    public int ResetAll()
    {
        var broken = 0;
        foreach (var link in links.Keys)
            if (link.Reset()) broken++;
        Interlocked.Add(ref reset, broken);
        return broken;
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Stop();
        await accepting;
        var left = links.Keys;
        foreach (var link in left) link.Reset();
        await Task.WhenAll(left.Select(static link => link.Serving));
        listener.Dispose();
        ending.Dispose();
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptSocketAsync(ending.Token);
                Interlocked.Increment(ref connections);
                var link = new Link(client, new Socket(SocketType.Stream, ProtocolType.Tcp));
                links[link] = true;
                link.Serving = ServeAsync(link);
            }
        }
        catch (Exception over) when (over is OperationCanceledException or SocketException or ObjectDisposedException
            && ending.IsCancellationRequested)
        {
            // The proxy ends: nobody new is let in.
        }
    }

    async Task ServeAsync(Link link)
    {
        try
        {
            if (State.RefuseNew)
            {
                if (link.Reset()) Interlocked.Increment(ref reset);
                return;
            }

            await link.Server.ConnectAsync(IPAddress.Loopback, server, ending.Token);
            await Task.WhenAll(PumpAsync(link, isUp: true), PumpAsync(link, isUp: false));
        }
        catch (Exception broken) when (broken is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            link.Reset();   // one end is gone; TCP would tell the other the same way
        }
        finally
        {
            link.Dispose();
            links.TryRemove(link, out _);
        }
    }

    /// <param name="isUp">From the client to the server; else from the server to the client.</param>
    async Task PumpAsync(Link link, bool isUp)
    {
        var (from, to) = isUp ? (link.Client, link.Server) : (link.Server, link.Client);
        var piece = new byte[PieceBytes];
        var (passed, allowed) = (0L, 0L);
        try
        {
            while (true)
            {
                var read = await from.ReceiveAsync(piece, ending.Token);
                await WhileHeldAsync(isUp);
                if (read == 0) break;
                Lie(piece.AsSpan(0, read), passed);
                allowed = State.CutAfterBytes == 0 ? 0 : allowed + read;
                var whole = allowed <= State.CutAfterBytes ? read : (int)Math.Max(0, read - (allowed - State.CutAfterBytes));
                await SendAsync(to, piece.AsMemory(0, whole));
                passed += whole;
                Interlocked.Add(ref (isUp ? ref toServer : ref toClient), whole);
                if (whole < read && link.Reset())
                {
                    Interlocked.Increment(ref cut);
                    return;
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception broken) when (broken is SocketException or ObjectDisposedException)
        {
            link.Reset();   // so that the other direction ends too
            throw;
        }
    }

    async Task WhileHeldAsync(bool isUp)
    {
        var counted = false;
        while (true)
        {
            var change = Volatile.Read(ref changed).Task;   // before the state, so that no change is missed
            if (!(isUp ? State.HoldToServer : State.HoldToClient)) return;
            if (!counted) Interlocked.Increment(ref held);
            counted = true;
            await change.WaitAsync(ending.Token);
        }
    }

    /// <summary>In one piece, or in drops, each of them late by itself.</summary>
    async Task SendAsync(Socket to, ReadOnlyMemory<byte> piece)
    {
        if (State.DripBytes > 0 && piece.Length > State.DripBytes) Interlocked.Increment(ref dripped);
        while (!piece.IsEmpty)
        {
            if (State.DripBytes > 0) to.NoDelay = true;
            var drop = State.DripBytes > 0 ? piece[..Math.Min(piece.Length, State.DripBytes)] : piece;
            await BeLateAsync(drop.Length);
            for (var sent = 0; sent < drop.Length;) sent += await to.SendAsync(drop[sent..], ending.Token);
            piece = piece[drop.Length..];
        }
    }

    async Task BeLateAsync(int bytes)
    {
        var now = State;
        var late = now.Delay + Drawn(now.Jitter)
            + (now.BytesPerSecond > 0 ? TimeSpan.FromSeconds((double)bytes / now.BytesPerSecond) : TimeSpan.Zero);
        if (late <= TimeSpan.Zero) return;
        Interlocked.Increment(ref delayed);
        await Task.Delay(late, clock, ending.Token);
    }

    /// <summary>A part of it, in steps of a thousandth.</summary>
    TimeSpan Drawn(TimeSpan most)
    {
        if (most <= TimeSpan.Zero) return TimeSpan.Zero;
        lock (delays) return most * delays.Between(0, 1_000) / 1_000;
    }

    void Lie(Span<byte> piece, long passed)
    {
        var every = State.FlipEveryBytes;
        if (every <= 0) return;
        for (var i = (int)(every - 1 - (passed % every)); i < piece.Length; i += every)
        {
            piece[i] ^= 1;
            Interlocked.Increment(ref flipped);
        }
    }

    static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The two connections that make one.</summary>
    sealed class Link(Socket client, Socket server) : IDisposable
    {
        int over;

        /// <summary>Ends when both directions have.</summary>
        public Task Serving { get; set; } = Task.CompletedTask;

        public Socket Client => client;

        public Socket Server => server;

        /// <summary>Both ends get a reset instead of an orderly end; false if the link was over already.</summary>
        public bool Reset()
        {
            if (Interlocked.Exchange(ref over, 1) != 0) return false;
            foreach (var socket in new[] { client, server })
            {
                socket.LingerState = new LingerOption(enable: true, seconds: 0);
                socket.Dispose();
            }

            return true;
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref over, 1) != 0) return;
            client.Dispose();
            server.Dispose();
        }
    }
}
