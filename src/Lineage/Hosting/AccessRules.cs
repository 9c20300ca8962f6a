using System.Net;
using Lineage.Contracts.Api;
using Lineage.Store;

namespace Lineage.Hosting;

/// <summary>What has to be configured before the server may be reached from other machines.</summary>
static class AccessRules
{
    public static bool IsLoopback(Uri url) =>
        string.Equals(url.Host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    /// <exception cref="LineageProblemException">access-unconfigured: off loopback without authentication, or in clear text.</exception>
    public static void Check(ServerOptions options, Uri url)
    {
        if (url.Scheme == "https" && options.Tls is null)
            throw Unconfigured(
                $"{url} asks for TLS, but there is no certificate.",
                $"Name one with {TlsOptions.Certificate} (PEM with {TlsOptions.Key}, or PFX), or listen on http://.");
        if (IsLoopback(url)) return;
        if (!options.Access.Required)
            throw Unconfigured(
                $"{url} can be reached from other machines, and nobody would be asked who they are.",
                $"Set {AccessOptions.Mode}=keys (the first start leaves an admin's key in the state directory) and, for people, " +
                $"{AccessOptions.Authority} with {AccessOptions.Audience}; or listen on {ServerOptions.DefaultUrl}.");
        if (url.Scheme == "http" && !options.BehindProxy)
            throw Unconfigured(
                $"{url} can be reached from other machines, and keys would cross the network in clear text.",
                $"Listen on https:// with {TlsOptions.Certificate}, or say --behind-proxy if a proxy on the way ends TLS.");
    }

    /// <summary>What was chosen, as the server says it at start.</summary>
    public static IEnumerable<string> Choices(ServerOptions options, Uri url)
    {
        yield return options.Access switch
        {
            { Required: false } => "no access control: everybody on this machine may do everything (LINEAGE_ACCESS=keys changes that)",
            { Tokens: null } => "access by API key",
            { Tokens: { Authority: { } authority } } => $"access by API key, or by tokens of {authority}",
            _ => $"access by API key, or by tokens signed with the keys in {options.Access.Tokens.KeysFile}",
        };
        if (url.Scheme == "https") yield return $"TLS with the certificate in {options.Tls!.CertificateFile}";
        else if (!IsLoopback(url)) yield return "clear text behind a proxy that ends TLS; its X-Forwarded-For is believed";
    }

    static LineageProblemException Unconfigured(string what, string next) => Failure.Of(
        ProblemCodes.AccessUnconfigured, 403, "Access is not configured",
        $"{what} The server was not started and nothing was changed. {next} docs/SECURITY.md says how.");
}
