using Lineage.Contracts.Api;
using Lineage.Store;

namespace Lineage.Hosting;

/// <summary>Who may call, and how callers prove who they are.</summary>
/// <param name="Required">Every request needs a key or a token. Off loopback the server does not start without.</param>
/// <param name="Tokens">Tokens of an identity provider, for people; null: keys only.</param>
public sealed record AccessOptions(bool Required = false, TokenOptions? Tokens = null)
{
    /// <summary>Environment variables of <c>server run</c>; documented in docs/SECURITY.md.</summary>
    public const string
        Mode = "LINEAGE_ACCESS", Authority = "LINEAGE_JWT_AUTHORITY", Issuer = "LINEAGE_JWT_ISSUER", KeysFile = "LINEAGE_JWT_KEYS_FILE",
        Audience = "LINEAGE_JWT_AUDIENCE", RoleClaim = "LINEAGE_JWT_ROLE_CLAIM", NameClaim = "LINEAGE_JWT_NAME_CLAIM";

    /// <exception cref="LineageProblemException">bad-request: the variables contradict each other or one is missing.</exception>
    public static AccessOptions FromEnvironment(Func<string, string?> environment)
    {
        string? Text(string name) => environment(name) is { Length: > 0 } value ? value : null;
        var tokens = TokensOf(Text);
        return Text(Mode) switch
        {
            null => new AccessOptions(tokens is not null, tokens),
            "keys" => new AccessOptions(Required: true, tokens),
            "open" when tokens is null => new AccessOptions(),
            "open" => throw Wrong($"{Mode} is open although an identity provider is set. Unset one of them."),
            { } other => throw Wrong($"{Mode} is \"{other}\": expected keys or open."),
        };
    }

    static TokenOptions? TokensOf(Func<string, string?> text)
    {
        var (authority, issuer, keys, audience) = (text(Authority), text(Issuer), text(KeysFile), text(Audience));
        if (authority is null && keys is null)
            return audience is null && issuer is null ? null
                : throw Wrong($"neither {Authority} nor {KeysFile} says whose tokens to trust.");
        if (audience is null) throw Wrong($"{Audience} is not set: a token that was issued for another service would be taken.");
        if (keys is not null && issuer is null && authority is null) throw Wrong($"{KeysFile} needs {Issuer}: who signs with those keys.");
        return new TokenOptions(authority is null ? null : Address(authority), issuer ?? authority, keys, audience)
        {
            RoleClaim = text(RoleClaim) ?? TokenOptions.DefaultRoleClaim,
            NameClaim = text(NameClaim) ?? TokenOptions.DefaultNameClaim,
        };
    }

    static Uri Address(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "https" or "http"
        ? address
        : throw Wrong($"{Authority} is \"{text}\": expected an address such as https://login.example.org/realms/research.");

    static LineageProblemException Wrong(string what) => Failure.Of(
        ProblemCodes.BadRequest, 400, "The access settings cannot be followed",
        $"{what} The server was not started. docs/SECURITY.md lists the settings.");
}

/// <summary>Whose tokens are taken, and what in them says who it is and what it may do.</summary>
/// <param name="Authority">OpenID Connect issuer whose published keys are fetched; null: only those of <paramref name="KeysFile"/>.</param>
/// <param name="Issuer">What the token's <c>iss</c> has to be; null: what the authority publishes.</param>
/// <param name="KeysFile">JSON Web Key Set of an issuer that cannot be asked.</param>
/// <param name="Audience">What the token's <c>aud</c> has to hold.</param>
public sealed record TokenOptions(Uri? Authority, string? Issuer, string? KeysFile, string Audience)
{
    public const string DefaultRoleClaim = "roles", DefaultNameClaim = "preferred_username";

    public string RoleClaim { get; init; } = DefaultRoleClaim;

    /// <summary>Falls back to <c>sub</c>.</summary>
    public string NameClaim { get; init; } = DefaultNameClaim;
}

/// <summary>The certificate of the server.</summary>
/// <param name="CertificateFile">PEM (with <paramref name="KeyFile"/>) or PFX.</param>
/// <param name="PasswordFile">File that holds the password of the key or of the PFX; null: it has none.</param>
public sealed record TlsOptions(string CertificateFile, string? KeyFile = null, string? PasswordFile = null)
{
    public const string
        Certificate = "LINEAGE_TLS_CERTIFICATE_FILE", Key = "LINEAGE_TLS_KEY_FILE", Password = "LINEAGE_TLS_PASSWORD_FILE";

    public static TlsOptions? FromEnvironment(Func<string, string?> environment)
    {
        string? Text(string name) => environment(name) is { Length: > 0 } value ? value : null;
        return Text(Certificate) is { } certificate ? new TlsOptions(certificate, Text(Key), Text(Password)) : null;
    }
}

/// <summary>How many requests one caller may send: a bucket of tokens per key, token or, without either, address.</summary>
/// <param name="PerSecond">Requests per second in the long run.</param>
/// <param name="Burst">Requests at once.</param>
public sealed record RateOptions(int PerSecond, int Burst)
{
    /// <summary><c>PER-SECOND/BURST</c>, for example <c>500/2000</c>.</summary>
    public const string Variable = "LINEAGE_RATE";

    /// <summary>On loopback: only a loop that went wrong is slowed.</summary>
    public static RateOptions Loopback { get; } = new(20_000, 40_000);

    /// <summary>1,024 ranks under one key open a save at once, and report it.</summary>
    public static RateOptions Network { get; } = new(2_000, 8_000);

    /// <exception cref="LineageProblemException">bad-request: it is not of that form.</exception>
    public static RateOptions? FromEnvironment(Func<string, string?> environment)
    {
        if (environment(Variable) is not { Length: > 0 } text) return null;
        var parts = text.Split('/');
        return parts.Length == 2 && int.TryParse(parts[0], System.Globalization.CultureInfo.InvariantCulture, out var rate)
            && int.TryParse(parts[1], System.Globalization.CultureInfo.InvariantCulture, out var burst) && rate >= 1 && burst >= 1
                ? new RateOptions(rate, burst)
                : throw Failure.Of(
                    ProblemCodes.BadRequest, 400, "The rate limit cannot be read",
                    $"{Variable} is \"{text}\": expected requests per second and burst, for example 500/2000. The server was not started.");
    }
}
