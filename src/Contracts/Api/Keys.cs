using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Api;

// POST /v1/keys (IssueKey) → IssuedKey · GET /v1/keys → Page<KeyView> · GET /v1/keys/{key} → KeyView
// DELETE /v1/keys/{key} (RevokeKey) → KeyView · GET /v1/caller → CallerView

/// <summary>Asks for an API key for an agent or a person.</summary>
/// <param name="Roles">What its holder may do; at least one.</param>
/// <param name="Run">Null: every run; otherwise the only one that it may touch.</param>
/// <param name="Days">Days until it expires; null: never by itself.</param>
public sealed record IssueKey(ActorId Actor, IReadOnlyList<Role> Roles, RunId? Run, int? Days);

public sealed record RevokeKey(string Reason);

public enum KeyPhase { Active, Expired, Revoked }

/// <summary>What is on record of a key. The secret is not.</summary>
/// <param name="Version">Version of the key's stream, for If-Match.</param>
public sealed record KeyView(
    string Key, KeyPhase Phase, ActorId Actor, IReadOnlyList<Role> Roles, RunId? Run, DateTimeOffset IssuedAt, ActorId IssuedBy,
    DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt, string? Reason, long Version);

/// <summary>The only answer that ever holds the secret.</summary>
/// <param name="Secret">The whole token, <c>lin_{id}_{secret}</c>: what goes after <c>Authorization: Bearer</c>.</param>
public sealed record IssuedKey(KeyView Key, string Secret);

/// <summary>Who the service takes the caller for.</summary>
/// <param name="Actor">Null: nobody in particular; the request itself says who acts.</param>
/// <param name="By"><c>open</c> (this server asks nobody), <c>key</c> or <c>token</c>.</param>
public sealed record CallerView(ActorId? Actor, IReadOnlyList<Role> Roles, RunId? Run, string By, string? Key);
