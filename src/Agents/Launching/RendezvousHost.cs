using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Lineage.Agents.Training;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Launching;

/// <summary>
/// Where the ranks of one generation find each other. It answers all of them at once, when the last one has joined; who lacks the token
/// or is of another generation is refused. Holds no state worth keeping: a launcher that dies takes the generation with it.
/// </summary>
public sealed class RendezvousHost : IAsyncDisposable
{
    static readonly TimeSpan GreetingDeadline = TimeSpan.FromSeconds(10);

    readonly Socket listener;
    readonly Generation generation;
    readonly WorldSize worldSize;
    readonly string token;
    readonly TimeProvider clock;
    readonly CancellationTokenSource stopping = new();
    readonly Dictionary<Rank, (JoinWorld Join, Socket Socket)> joined = [];
    readonly Lock gate = new();
    readonly Task serving;

    RendezvousHost(Socket listener, Generation generation, WorldSize worldSize, string token, TimeProvider clock)
    {
        (this.listener, this.generation, this.worldSize, this.token, this.clock) = (listener, generation, worldSize, token, clock);
        Address = (IPEndPoint)listener.LocalEndPoint!;
        serving = ServeAsync();
    }

    public IPEndPoint Address { get; }

    /// <param name="listen">Loopback unless ranks run on several hosts.</param>
    /// <exception cref="SocketException">The address cannot be bound.</exception>
    public static RendezvousHost Start(IPAddress listen, Generation generation, WorldSize worldSize, string token, TimeProvider clock)
    {
        var socket = new Socket(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(listen, 0));
            socket.Listen(worldSize.Value);
            return new RendezvousHost(socket, generation, worldSize, token, clock);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    async Task ServeAsync()
    {
        var greetings = new List<Task>();
        try
        {
            while (true)
            {
                var socket = await listener.AcceptAsync(stopping.Token);
                greetings.RemoveAll(static greeting => greeting.IsCompleted);
                greetings.Add(GreetAsync(socket));
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(greetings);     // the host was disposed: nobody else may join
        }
    }

    async Task GreetAsync(Socket socket)
    {
        using var bound = new CancellationTokenSource(GreetingDeadline, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token, bound.Token);
        try
        {
            var join = await RendezvousFrames.ReadAsync<JoinWorld>(socket, stop.Token);
            if (Objection(join) is { } objection)
            {
                await RendezvousFrames.WriteAsync(socket, new WorldFormed(Peers: null, objection), stop.Token);
                socket.Dispose();
                return;
            }

            if (Enter(join, socket) is { } world)
                foreach (var (_, member) in world) await RendezvousFrames.WriteAsync(member, Formed(world), stop.Token);
        }
        catch (Exception broken) when (broken is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            socket.Dispose();                  // the rank that hung up exits by itself, and its exit is what the launcher acts upon
        }
    }

    string? Objection(JoinWorld join) => join switch
    {
        _ when !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(join.Token), Encoding.UTF8.GetBytes(token)) =>
            "it does not know the token of this generation",
        _ when join.Generation != generation => $"it is of generation {join.Generation}, not {generation}",
        _ when join.WorldSize != worldSize => $"it expects {join.WorldSize} ranks, not {worldSize}",
        _ when !worldSize.Contains(join.Rank) => $"rank {join.Rank} is outside the world of {worldSize}",
        _ => null,
    };

    /// <summary>The whole world when this was its last member; null before. A rank that joins again takes its own place.</summary>
    List<(JoinWorld Join, Socket Socket)>? Enter(JoinWorld join, Socket socket)
    {
        lock (gate)
        {
            if (joined.Remove(join.Rank, out var earlier)) earlier.Socket.Dispose();
            joined.Add(join.Rank, (join, socket));
            return joined.Count == worldSize.Value ? [.. joined.Values] : null;
        }
    }

    static WorldFormed Formed(IEnumerable<(JoinWorld Join, Socket Socket)> world) =>
        new([.. world.Select(m => new PeerAddress(m.Join.Rank, m.Join.Host, m.Join.Port)).OrderBy(p => p.Rank)], Refusal: null);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Dispose();
        await serving;
        lock (gate)
            foreach (var (_, socket) in joined.Values) socket.Dispose();
        stopping.Dispose();
    }
}
