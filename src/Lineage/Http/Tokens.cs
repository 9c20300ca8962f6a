using Lineage.Access;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Hosting;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Lineage.Http;

/// <summary>What a token says of its bearer.</summary>
abstract record TokenAnswer
{
    public sealed record Known(Caller Caller) : TokenAnswer;

    /// <param name="Why">Goes on after "was refused: ".</param>
    public sealed record Refused(string Why) : TokenAnswer;
}

/// <summary>
/// Tokens (JWT) of an identity provider, for people. The provider's keys are fetched when they are first needed and again when a token is
/// signed with one that is not known; a provider that is away does not invalidate the keys that are.
/// </summary>
sealed class Tokens
{
    static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);

    /// <summary>Never a symmetric one: whoever could check such a token could also make one.</summary>
    static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512, SecurityAlgorithms.RsaSsaPssSha256,
        SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512, SecurityAlgorithms.EcdsaSha256,
        SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    readonly TokenOptions? options;
    readonly TimeProvider clock;
    readonly JsonWebTokenHandler handler = new() { MapInboundClaims = false };
    readonly TokenValidationParameters rules;

    public Tokens(ServerOptions options, TimeProvider clock)
    {
        (this.options, this.clock) = (options.Access.Tokens, clock);
        rules = this.options is { } tokens ? Rules(tokens) : new TokenValidationParameters();
    }

    TokenValidationParameters Rules(TokenOptions tokens)
    {
        var made = new TokenValidationParameters
        {
            ValidAudience = tokens.Audience,
            ValidIssuer = tokens.Issuer,
            ValidAlgorithms = Algorithms,
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            LifetimeValidator = (from, until, _, _) => Lives(from, until),
        };
        if (tokens.KeysFile is { } file) made.IssuerSigningKeys = new JsonWebKeySet(File.ReadAllText(file)).GetSigningKeys();
        if (tokens.Authority is { } authority)
        {
            made.ConfigurationManager = new ConfigurationManager<OpenIdConnectConfiguration>(
                $"{authority.ToString().TrimEnd('/')}/.well-known/openid-configuration", new OpenIdConnectConfigurationRetriever(),
                new HttpDocumentRetriever { RequireHttps = !AccessRules.IsLoopback(authority) });
        }

        return made;
    }

    /// <summary>By the server's own clock, with room for the provider's.</summary>
    bool Lives(DateTime? from, DateTime? until)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return until is { } end && now < end + Skew && (from is not { } begin || now >= begin - Skew);
    }

    public async Task<TokenAnswer> RecogniseAsync(string token)
    {
        if (options is null) return new TokenAnswer.Refused("what it carries is no API key, and this server takes nobody's tokens");
        var result = await handler.ValidateTokenAsync(token, rules);
        if (!result.IsValid) return new TokenAnswer.Refused(Why(result.Exception));
        var read = (JsonWebToken)result.SecurityToken;
        var name = Claim(read, options.NameClaim) ?? read.Subject;
        return string.IsNullOrEmpty(name)
            ? new TokenAnswer.Refused($"the token names nobody: it has neither {options.NameClaim} nor sub")
            : new TokenAnswer.Known(new Caller(CallerKind.Token, PersonOf(name), RolesOf(read, options.RoleClaim), Run: null, Key: null));
    }

    static string? Claim(JsonWebToken token, string name) =>
        token.Claims.FirstOrDefault(claim => claim.Type == name) is { Value.Length: > 0 } claim ? claim.Value : null;

    /// <summary>What a name may not hold in an actor becomes a dash.</summary>
    static ActorId PersonOf(string name)
    {
        var text = $"person:{string.Concat(name.Select(static c => c is > ' ' and <= '~' ? c : '-'))}";
        return ActorId.Parse(text.Length <= ActorId.LengthMax ? text : text[..ActorId.LengthMax]);
    }

    /// <summary>Roles of ours by their name, or as <c>lineage-{name}</c> beside those of other services. Others are not ours.</summary>
    static Role[] RolesOf(JsonWebToken token, string claim) =>
    [
        .. token.Claims.Where(c => c.Type == claim)
            .Select(static c => c.Value.StartsWith("lineage-", StringComparison.Ordinal) ? c.Value["lineage-".Length..] : c.Value)
            .Where(static text => text.All(char.IsAsciiLetter))
            .Select(static text => Enum.TryParse<Role>(text, ignoreCase: true, out var role) ? role : (Role?)null)
            .OfType<Role>().Distinct().Order(),
    ];

    static string Why(Exception? refusal) => refusal switch
    {
        SecurityTokenExpiredException or SecurityTokenInvalidLifetimeException or SecurityTokenNotYetValidException
            or SecurityTokenNoExpirationException => "the token is not valid at this time",
        SecurityTokenInvalidAudienceException => "the token was issued for another audience",
        SecurityTokenInvalidIssuerException => "the token was issued by somebody who is not trusted here",
        SecurityTokenInvalidAlgorithmException => "the token is signed in a way that is not taken",
        SecurityTokenSignatureKeyNotFoundException => "the token is signed with a key that its issuer does not publish",
        SecurityTokenInvalidSignatureException => "the signature of the token does not hold",
        InvalidOperationException => "the identity provider cannot be asked for its keys",
        _ => "what it carries is neither an API key nor a token",
    };
}
