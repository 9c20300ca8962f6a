using System.Text.Json.Serialization;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;

namespace Lineage.Access;

/// <summary>One API key: the fold of stream <c>key/{id}</c>.</summary>
public sealed record AccessKey(KeyIssued Issued, KeyRevoked? Revoked)
{
    public static string StreamKey(string id) => $"key/{id}";

    /// <summary>State after one more event; null before the first.</summary>
    public static AccessKey? Fold(AccessKey? state, object @event) => @event switch
    {
        KeyIssued issued => new AccessKey(issued, Revoked: null),
        KeyRevoked revoked when state is not null => state with { Revoked = revoked },
        _ => state,
    };

    /// <summary>Revocation counts before expiry: it says more.</summary>
    public KeyPhase Phase(DateTimeOffset now) =>
        Revoked is not null ? KeyPhase.Revoked : Issued.ExpiresAt <= now ? KeyPhase.Expired : KeyPhase.Active;

    [JsonIgnore]
    public Caller Caller => new(CallerKind.Key, Issued.Actor, Issued.Roles, Issued.Run, Issued.Key);

    public KeyView View(DateTimeOffset now, long version) => new(
        Issued.Key, Phase(now), Issued.Actor, Issued.Roles, Issued.Run, Issued.At, Issued.By, Issued.ExpiresAt, Revoked?.At,
        Revoked?.Reason, version);
}
