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
}
