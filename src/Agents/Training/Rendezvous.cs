using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Training;

/// <summary>What a rank tells the rendezvous of its generation.</summary>
/// <param name="Token">Secret of this generation; whoever lacks it is refused.</param>
/// <param name="Host">Where this rank listens for its peers.</param>
public sealed record JoinWorld(string Token, Generation Generation, Rank Rank, WorldSize WorldSize, string Host, int Port, int ProcessId);

/// <param name="Host">Where the peer listens.</param>
public sealed record PeerAddress(Rank Rank, string Host, int Port);

/// <summary>Answer to all ranks at once, when the last one has joined, or to one that may not join.</summary>
public sealed record WorldFormed(IReadOnlyList<PeerAddress>? Peers, string? Refusal);

/// <summary>Frames of the rendezvous: four bytes of length, little-endian, and so many bytes of JSON.</summary>
public static class RendezvousFrames
{
    /// <summary>Largest body, 16 MiB: a world of 100,000 ranks fits.</summary>
    public const int BodyBytesMax = 16 << 20;

    static readonly JsonSerializerOptions Json = ContractJson.Create();

    public static async Task WriteAsync<T>(Socket socket, T body, CancellationToken ct)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body, Json);
        var frame = new byte[sizeof(int) + bytes.Length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, bytes.Length);
        bytes.CopyTo(frame.AsSpan(sizeof(int)));
        await RankMesh.SendAllAsync(socket, frame, ct);
    }

    /// <exception cref="IOException">The peer closed the connection or sent something else than a frame of at most the bound.</exception>
    public static async Task<T> ReadAsync<T>(Socket socket, CancellationToken ct)
    {
        var head = new byte[sizeof(int)];
        await RankMesh.FillAsync(socket, head, ct);
        var length = BinaryPrimitives.ReadInt32LittleEndian(head);
        if (length is < 2 or > BodyBytesMax) throw new IOException($"a frame announces {length:N0} bytes; allowed are 2-{BodyBytesMax:N0}");
        var body = new byte[length];
        await RankMesh.FillAsync(socket, body, ct);
        try
        {
            return JsonSerializer.Deserialize<T>(body, Json) ?? throw new IOException("a frame holds null");
        }
        catch (JsonException malformed)
        {
            throw new IOException($"a frame is not the expected JSON: {malformed.Message}", malformed);
        }
    }
}

/// <summary>The world did not form. No rank has trained.</summary>
public sealed class RendezvousException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Stable code of this error.</summary>
    public string Code { get; } = "rendezvous-failed";
}

/// <summary>How a rank finds its peers.</summary>
/// <param name="Rendezvous">Where the launcher's rendezvous listens.</param>
/// <param name="Listen">Address this rank listens on; loopback unless the ranks are on several hosts.</param>
/// <param name="JoinDeadline">Time for all ranks to join and connect.</param>
/// <param name="PeerDeadline">Longest silence of a peer during training.</param>
public sealed record MeshSettings(
    Rank Rank, WorldSize WorldSize, Generation Generation, IPEndPoint Rendezvous, string Token, IPAddress Listen,
    TimeSpan JoinDeadline, TimeSpan PeerDeadline);
