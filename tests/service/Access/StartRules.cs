using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Lineage.Contracts.Api;
using Lineage.Hosting;
using Lineage.Tests.Service.Worlds;

namespace Lineage.Tests.Service.Access;

public sealed class StartRules
{
    public static TheoryData<string, bool, bool, string> Refused => new()
    {
        { "http://0.0.0.0:0", false, false, "LINEAGE_ACCESS=keys" },
        { "http://[::]:0", false, true, "LINEAGE_ACCESS=keys" },
        { "http://0.0.0.0:0", true, false, "--behind-proxy" },
        { "https://127.0.0.1:0", false, false, "LINEAGE_TLS_CERTIFICATE_FILE" },
    };

    [Theory, MemberData(nameof(Refused))]
    public async Task A_server_that_others_could_reach_unasked_or_overheard_does_not_start(string url, bool keys, bool proxy, string says)
    {
        var problem = await Assert.ThrowsAsync<LineageProblemException>(() => RunningServer.StartAsync(options =>
            options with { Url = url, Access = new AccessOptions(keys), BehindProxy = proxy }));
        Assert.Equal(ProblemCodes.AccessUnconfigured, problem.Code);
        Assert.Contains(says, problem.Problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_certificate_and_keys_it_is_reached_over_TLS_by_whoever_has_a_key()
    {
        var folder = RunningServer.Folder();
        var (certificate, key) = (Path.Combine(folder, "server.pem"), Path.Combine(folder, "server.key"));
        await WriteCertificateAsync(certificate, key);
        await using (var server = await RunningServer.StartAsync(options => options with
        {
            Url = "https://0.0.0.0:0",
            Access = new AccessOptions(Required: true),
            Tls = new TlsOptions(certificate, key),
        }))
        {
            Assert.StartsWith("https://", server.Server.Url, StringComparison.Ordinal);
            using var trusted = X509CertificateLoader.LoadCertificateFromFile(certificate);
            using var handler = new SocketsHttpHandler();
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { trusted },
                RevocationMode = X509RevocationMode.NoCheck,
            };
            var address = new UriBuilder(server.Server.Url) { Host = "127.0.0.1" }.Uri;
            using var http = new HttpClient(handler) { BaseAddress = address };
            using var health = await http.GetAsync("health/live");
            Assert.Equal(HttpStatusCode.OK, health.StatusCode);
            Assert.True(health.Headers.Contains("Strict-Transport-Security"));
            using var refused = await http.GetAsync("v1/runs");
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        File.Delete(key);
        var problem = await Assert.ThrowsAsync<LineageProblemException>(() => RunningServer.StartAsync(options => options with
        {
            Url = "https://127.0.0.1:0",
            Tls = new TlsOptions(certificate, key),
        }));
        Assert.Equal(ProblemCodes.AccessUnconfigured, problem.Code);
        RunningServer.Delete(folder);
    }

    static async Task WriteCertificateAsync(string certificate, string key)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=lineage.test", pair, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        await File.WriteAllTextAsync(certificate, made.ExportCertificatePem());
        await File.WriteAllTextAsync(key, pair.ExportPkcs8PrivateKeyPem());
    }

    public static TheoryData<string, bool, bool> Read => new()
    {
        { "", false, false },
        { "LINEAGE_ACCESS=keys", true, false },
        { "LINEAGE_ACCESS=open", false, false },
        { "LINEAGE_JWT_AUTHORITY=https://login.test LINEAGE_JWT_AUDIENCE=lineage", true, true },
        { "LINEAGE_JWT_KEYS_FILE=/k LINEAGE_JWT_ISSUER=https://login.test LINEAGE_JWT_AUDIENCE=lineage", true, true },
    };

    [Theory, MemberData(nameof(Read))]
    public void Access_is_read_from_the_environment(string variables, bool required, bool tokens)
    {
        var access = AccessOptions.FromEnvironment(Environment(variables));
        Assert.Equal((required, tokens), (access.Required, access.Tokens is not null));
    }

    [Theory]
    [InlineData("LINEAGE_ACCESS=maybe", "keys or open")]
    [InlineData("LINEAGE_JWT_AUTHORITY=https://login.test", "LINEAGE_JWT_AUDIENCE")]
    [InlineData("LINEAGE_JWT_AUDIENCE=lineage", "LINEAGE_JWT_AUTHORITY")]
    [InlineData("LINEAGE_JWT_KEYS_FILE=/k LINEAGE_JWT_AUDIENCE=lineage", "LINEAGE_JWT_ISSUER")]
    [InlineData("LINEAGE_JWT_AUTHORITY=login LINEAGE_JWT_AUDIENCE=lineage", "expected an address")]
    [InlineData("LINEAGE_ACCESS=open LINEAGE_JWT_AUTHORITY=https://login.test LINEAGE_JWT_AUDIENCE=lineage", "Unset one")]
    public void Settings_that_cannot_be_meant_are_refused(string variables, string says)
    {
        var problem = Assert.Throws<LineageProblemException>(() => AccessOptions.FromEnvironment(Environment(variables)));
        Assert.Contains(says, problem.Problem.Detail, StringComparison.Ordinal);
    }

    static Func<string, string?> Environment(string variables) => variables
        .Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static pair => pair.Split('=', 2))
        .ToDictionary(static pair => pair[0], static pair => pair[1], StringComparer.Ordinal).GetValueOrDefault;
}
