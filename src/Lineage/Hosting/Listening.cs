using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Lineage.Contracts.Api;
using Lineage.Store;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Lineage.Hosting;

/// <summary>How Kestrel listens: limits on what one connection may take, and TLS.</summary>
static class Listening
{
    /// <summary>A client that is slower with its headers holds a connection for nothing.</summary>
    static readonly TimeSpan HeadersWithin = TimeSpan.FromSeconds(15);

    const int HeaderBytesMax = 32 << 10, HeadersMax = 100, RequestLineMax = 8 << 10, ConnectionsMax = 10_000;

    public static void Configure(IWebHostBuilder host, ServerOptions options, Uri url)
    {
        var certificate = options.Tls is { } tls && url.Scheme == "https" ? Load(tls) : null;
        host.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            Limit(kestrel.Limits, options);
            kestrel.AddServerHeader = false;
            if (certificate is not null) kestrel.ConfigureHttpsDefaults(https => https.ServerCertificate = certificate);
        });
        if (certificate is not null) host.UseKestrelHttpsConfiguration();
        host.UseUrls(url.ToString());
    }

    static void Limit(KestrelServerLimits limits, ServerOptions options)
    {
        limits.MaxRequestBodySize = options.RequestBytesMax;
        limits.MaxRequestHeadersTotalSize = HeaderBytesMax;
        limits.MaxRequestHeaderCount = HeadersMax;
        limits.MaxRequestLineSize = RequestLineMax;
        limits.MaxConcurrentConnections = ConnectionsMax;
        limits.RequestHeadersTimeout = HeadersWithin;
        limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromSeconds(5));
    }

    static X509Certificate2 Load(TlsOptions tls)
    {
        try
        {
            var password = tls.PasswordFile is { } file ? File.ReadAllText(file).Trim() : null;
            if (Path.GetExtension(tls.CertificateFile) is ".pfx" or ".p12")
                return X509CertificateLoader.LoadPkcs12FromFile(tls.CertificateFile, password);
            return password is null
                ? X509Certificate2.CreateFromPemFile(tls.CertificateFile, tls.KeyFile)
                : X509Certificate2.CreateFromEncryptedPemFile(tls.CertificateFile, password, tls.KeyFile);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw Failure.Of(
                ProblemCodes.AccessUnconfigured, 403, "The certificate cannot be used",
                $"{tls.CertificateFile}: {e.Message} The server was not started. Correct {TlsOptions.Certificate}, {TlsOptions.Key} or " +
                $"{TlsOptions.Password}.", e);
        }
    }
}
