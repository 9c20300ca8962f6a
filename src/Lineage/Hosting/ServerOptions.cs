namespace Lineage.Hosting;

/// <summary>What a server is told; everything else it chooses and says.</summary>
/// <param name="StateDirectory">Folder of the private database, the lock and server.json.</param>
/// <param name="Url">Where to listen; port 0 takes a free one.</param>
/// <param name="ConnectionString">PostgreSQL to use; null: a private one.</param>
/// <param name="BrokerAddress"><c>amqp://…</c>, or <c>file:///…</c> of a file that holds such a line; null: messages stay in this
/// process.</param>
/// <param name="Narrate">Receives one sentence for every choice at start; never a secret.</param>
public sealed record ServerOptions(
    string StateDirectory, string Url = ServerOptions.DefaultUrl, string? ConnectionString = null, string? BrokerAddress = null,
    Action<string>? Narrate = null)
{
    public const string DefaultUrl = "http://127.0.0.1:8217";

    /// <summary>How often deadlines and leases are looked at.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Larger request bodies are refused.</summary>
    public long RequestBytesMax { get; init; } = 8 << 20;

    public AccessOptions Access { get; init; } = new();

    /// <summary>Null: clear text, on loopback or behind a proxy.</summary>
    public TlsOptions? Tls { get; init; }

    /// <summary>A proxy in front ends TLS and says in X-Forwarded-For who asks.</summary>
    public bool BehindProxy { get; init; }

    /// <summary>Null: generous on loopback, less so elsewhere.</summary>
    public RateOptions? Rate { get; init; }

    /// <summary>Live tails that this server serves at once.</summary>
    public int StreamsMax { get; init; } = 256;
}
