using System.Net;
using System.Net.Sockets;
using Lineage.ChaosHarness.Faults;
using Microsoft.Extensions.Time.Testing;

namespace Lineage.Tests.Chaos.Real;

/// <summary>The proxy does what it says, and says what it did: an injector that silently does nothing is worse than none.</summary>
public sealed class LinkFaults
{
    static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(20), Poll = TimeSpan.FromMilliseconds(2);
    static readonly byte[] Question = "what is the newest restore point?"u8.ToArray();

    [Fact]
    public async Task A_healthy_link_passes_everything_on_unchanged()
    {
        await using var echo = new Echo();
        await using var proxy = new TcpProxy(echo.Port, TimeProvider.System);
        using var client = await ConnectAsync(proxy);
        var sent = new byte[300_000];
        new Random(7).NextBytes(sent);

        var sending = client.SendAsync(sent);
        var got = await ReceiveAsync(client, sent.Length);
        Assert.Equal(sent.Length, await sending);

        Assert.Equal(sent, got);
        Assert.Equal(new LinkTally(1, sent.Length, sent.Length, 0, 0, 0, 0), proxy.Tally);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_direction_that_is_held_delivers_once_it_is_mended(bool up)
    {
        await using var echo = new Echo();
        await using var proxy = new TcpProxy(echo.Port, TimeProvider.System) { State = new LinkState(HoldToServer: up, HoldToClient: !up) };
        using var client = await ConnectAsync(proxy);
        await client.SendAsync(Question);
        var answer = ReceiveAsync(client, Question.Length);

        await UntilAsync(() => proxy.Tally.Held == 1);
        Assert.Equal((up ? 0 : Question.Length, 0L), (echo.Received, proxy.Tally.ToClient));   // one way: it was done, nobody hears of it
        Assert.False(answer.IsCompleted);

        proxy.State = LinkState.Healthy;
        Assert.Equal(Question, await answer);
    }

    [Fact]
    public async Task A_late_link_is_late_by_the_clock_it_was_given()
    {
        var clock = new FakeTimeProvider();
        await using var echo = new Echo();
        await using var proxy = new TcpProxy(echo.Port, clock) { State = new LinkState(Delay: TimeSpan.FromSeconds(30)) };
        using var client = await ConnectAsync(proxy);
        await client.SendAsync(Question);
        var answer = ReceiveAsync(client, Question.Length);

        await UntilAsync(() => proxy.Tally.Delayed == 1);
        Assert.Equal(0, echo.Received);
        await UntilAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(30));
            return answer.IsCompleted;
        });
        Assert.Equal(Question, await answer);
        Assert.Equal(2, proxy.Tally.Delayed);   // there and back
    }

    [Fact]
    public async Task A_narrow_link_takes_its_time()
    {
        var clock = new FakeTimeProvider();
        await using var echo = new Echo();
        await using var proxy = new TcpProxy(echo.Port, clock) { State = new LinkState(BytesPerSecond: 1) };
        using var client = await ConnectAsync(proxy);
        await client.SendAsync(Question);

        await UntilAsync(() => proxy.Tally.Delayed == 1);
        clock.Advance(TimeSpan.FromSeconds(Question.Length - 1));
        Assert.Equal(0, echo.Received);
        await UntilAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return echo.Received == Question.Length;
        });
    }

    [Fact]
    public async Task A_lying_link_changes_every_tenth_byte_across_pieces()
    {
        await using var echo = new Echo();
        await using var proxy = new TcpProxy(echo.Port, TimeProvider.System) { State = new LinkState(FlipEveryBytes: 10) };
        using var client = await ConnectAsync(proxy);
        await client.SendAsync(new byte[7]);
        await UntilAsync(() => echo.Received == 7);
        await client.SendAsync(new byte[95]);
        await UntilAsync(() => echo.Received == 102);

        var expected = Enumerable.Range(1, 102).Select(static place => (byte)(place % 10 == 0 ? 1 : 0)).ToArray();
        Assert.Equal(expected, echo.Bytes());
        Assert.True(proxy.Tally.Flipped >= 10, $"{proxy.Tally}");
    }

    [Fact]
    public async Task A_dripping_link_delivers_everything_a_byte_at_a_time()
    {
        await using var echo = new Echo();
        await using var proxy = new TcpProxy(echo.Port, TimeProvider.System) { State = new LinkState(DripBytes: 1) };
        using var client = await ConnectAsync(proxy);
        await client.SendAsync(Question);

        Assert.Equal(Question, await ReceiveAsync(client, Question.Length));
        Assert.Equal((Question.Length, Question.Length), (proxy.Tally.ToServer, proxy.Tally.ToClient));
        Assert.True(proxy.Tally.Dripped >= 1, $"{proxy.Tally}");
    }

    [Fact]
    public async Task A_link_that_cuts_passes_so_many_bytes_and_breaks_off_both_ends()
    {
        await using var echo = new Echo();
        await using var proxy = new TcpProxy(echo.Port, TimeProvider.System) { State = new LinkState(CutAfterBytes: 10) };
        using var client = await ConnectAsync(proxy);
        await client.SendAsync(Question);

        await AssertResetAsync(() => ReceiveAsync(client, Question.Length));
        await UntilAsync(() => proxy.Tally.Cut == 1);
        Assert.Equal(10, proxy.Tally.ToServer);   // in the middle of what was sent
        Assert.True(echo.Received <= 10, $"{echo.Received} B arrived");
    }

    [Fact]
    public async Task Delays_that_vary_are_drawn_from_the_seed_and_stay_within_their_bound()
    {
        const int piecesMin = 3;
        var clock = new FakeTimeProvider();
        await using var echo = new Echo();
        await using var proxy = new TcpProxy(echo.Port, clock, seed: 7) { State = new LinkState(Jitter: TimeSpan.FromSeconds(9)) };
        using var client = await ConnectAsync(proxy);
        for (var piece = 1; piece <= piecesMin; piece++)
        {
            await client.SendAsync(Question);
            await UntilAsync(() =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                return echo.Received == piece * Question.Length;
            });
        }

        Assert.True(proxy.Tally.Delayed >= piecesMin, $"{proxy.Tally}");
        Assert.Equal(piecesMin * Question.Length, proxy.Tally.ToServer);
    }

    [Fact]
    public async Task A_reset_breaks_off_what_is_there_and_a_refusing_link_whoever_comes()
    {
        await using var echo = new Echo();
        await using var proxy = new TcpProxy(echo.Port, TimeProvider.System);
        using var first = await ConnectAsync(proxy);
        await first.SendAsync(Question);
        Assert.Equal(Question, await ReceiveAsync(first, Question.Length));

        Assert.Equal(1, proxy.ResetAll());
        await AssertResetAsync(() => ReceiveAsync(first, 1));

        proxy.State = new LinkState(RefuseNew: true);
        await AssertResetAsync(async () =>
        {
            using var second = await ConnectAsync(proxy);   // the reset may come while it connects or afterwards
            await ReceiveAsync(second, 1);
        });
        await UntilAsync(() => proxy.Tally is { Connections: 2, Reset: 2 });
    }

    static async Task AssertResetAsync(Func<Task> use)
    {
        var broken = await Assert.ThrowsAsync<SocketException>(use);
        Assert.Equal(SocketError.ConnectionReset, broken.SocketErrorCode);
    }

    static async Task<Socket> ConnectAsync(TcpProxy proxy)
    {
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, proxy.Port);
        return client;
    }

    static async Task<byte[]> ReceiveAsync(Socket client, int count)
    {
        using var bound = new CancellationTokenSource(WaitMax);
        var bytes = new byte[count];
        for (var got = 0; got < count;)
        {
            var read = await client.ReceiveAsync(bytes.AsMemory(got), bound.Token);
            Assert.True(read > 0, $"the connection ended after {got} of {count} bytes");
            got += read;
        }

        return bytes;
    }

    static async Task UntilAsync(Func<bool> holds)
    {
        using var bound = new CancellationTokenSource(WaitMax);
        while (!holds()) await Task.Delay(Poll, TimeProvider.System, bound.Token);
    }

    /// <summary>Answers with what it was told.</summary>
    sealed class Echo : IAsyncDisposable
    {
        readonly TcpListener listener = new(IPAddress.Loopback, 0);
        readonly CancellationTokenSource ending = new();
        readonly MemoryStream heard = new();
        readonly Task serving;

        public Echo()
        {
            listener.Start();
            serving = ServeAsync();
        }

        public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

        public int Received
        {
            get { lock (heard) return (int)heard.Length; }
        }

        public byte[] Bytes()
        {
            lock (heard) return heard.ToArray();
        }

        public async ValueTask DisposeAsync()
        {
            await ending.CancelAsync();
            await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);   // it ends by being told to, or by a reset
            listener.Dispose();
            ending.Dispose();
        }

        async Task ServeAsync()
        {
            using var socket = await listener.AcceptSocketAsync(ending.Token);
            var piece = new byte[4_096];
            while (await socket.ReceiveAsync(piece, ending.Token) is var read and > 0)
            {
                lock (heard) heard.Write(piece, 0, read);
                await socket.SendAsync(piece.AsMemory(0, read), ending.Token);
            }
        }
    }
}
