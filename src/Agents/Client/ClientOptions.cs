using Lineage.Contracts.Identity;

namespace Lineage.Agents.Client;

/// <summary>How a program reaches the service.</summary>
/// <param name="Server">Root address, for example <c>http://127.0.0.1:7411</c>.</param>
/// <param name="Actor">Who asks; goes into every event that the request causes.</param>
public sealed record ClientOptions(Uri Server, ActorId Actor)
{
    /// <summary>What proves who asks; null: nothing is sent, which an open server takes.</summary>
    public Credential? Credential { get; init; }

    /// <summary>Bound on one attempt of one request.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Attempts after the first, for transient failures only: the service away, not ready, overloaded, or a lost race.</summary>
    public int RetriesMax { get; init; } = 4;

    /// <summary>Wait before the first retry; doubles each time.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(100);
}
