using System.Net;
using System.Net.Http.Json;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text.Json;
using Lineage.Agents.Client;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Hosting;
using Lineage.Tests.Service.Worlds;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Lineage.Tests.Service.Access;

/// <summary>A server that asks everybody who they are, and an identity provider of the test's own: a key pair, never the network.</summary>
public sealed class ClosedServer : IAsyncLifetime
{
    public const string Issuer = "https://login.test", Audience = "lineage";

    static readonly JsonSerializerOptions Json = Contracts.Format.ContractJson.Create();

    readonly string folder = RunningServer.Folder();
    readonly RSA rsa = RSA.Create(2048);
    string state = "";

    public RunningServer Server { get; private set; } = null!;

    public LineageClient Admin { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var keys = Path.Combine(folder, "jwks.json");
        var key = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(rsa.ExportParameters(includePrivateParameters: false)));
        var published = new { keys = new[] { new { kty = "RSA", kid = "1", n = key.N, e = key.E } } };
        await File.WriteAllTextAsync(keys, JsonSerializer.Serialize(published));
        Server = await RunningServer.StartAsync(options =>
        {
            state = options.StateDirectory;
            return options with
            {
                Access = new AccessOptions(Required: true, new TokenOptions(Authority: null, Issuer, keys, Audience)),
                Rate = new RateOptions(PerSecond: 40, Burst: 120),
            };
        });
        Admin = As(await File.ReadAllTextAsync(Path.Combine(state, "admin.key")), "person:admin");
    }

    public async Task DisposeAsync()
    {
        Admin.Dispose();
        await Server.DisposeAsync();
        rsa.Dispose();
        RunningServer.Delete(folder);
    }

    public UnixFileMode AdminKeyMode => File.GetUnixFileMode(Path.Combine(state, "admin.key"));

    public LineageClient As(string token, string actor) => new(
        new ClientOptions(new Uri(Server.Server.Url), ActorId.Parse(actor)) { Credential = Credential.Of(token), RetriesMax = 0 },
        TimeProvider.System);

    public Task<IssuedKey> IssueAsync(string actor, Role role, string? run = null) => Admin.IssueKeyAsync(
        new IssueKey(ActorId.Parse(actor), [role], run is null ? null : RunId.Parse(run), Days: 1), default);

    /// <summary>What the identity provider would issue; every part can be wrong.</summary>
    public string TokenOf(
        string name, string[] roles, string issuer = Issuer, string audience = Audience, TimeSpan? life = null, RSA? signedBy = null)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = audience,
            Subject = new ClaimsIdentity([new("preferred_username", name), .. roles.Select(static role => new Claim("roles", role))]),
            NotBefore = now.AddHours(-2),
            Expires = now + (life ?? TimeSpan.FromMinutes(5)),
            SigningCredentials = new SigningCredentials(new RsaSecurityKey(signedBy ?? rsa) { KeyId = "1" }, SecurityAlgorithms.RsaSha256),
        });
    }

    /// <summary>Asks without a typed client; returns the status and, for a refusal, its problem.</summary>
    public async Task<(int Status, Problem? Problem)> AskAsync(
        HttpMethod method, string route, string? token, object? body = null, string? actor = null)
    {
        using var request = new HttpRequestMessage(method, route);
        if (token is not null) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        if (actor is not null) request.Headers.Add("X-Lineage-Actor", actor);
        if (body is not null) request.Content = JsonContent.Create(body, body.GetType(), options: Json);
        using var answer = await Server.Http.SendAsync(request);
        var problem = answer.StatusCode < HttpStatusCode.BadRequest ? null : await answer.Content.ReadFromJsonAsync<Problem>(Json);
        if (answer.StatusCode == HttpStatusCode.Unauthorized) Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.Single().Scheme);
        return ((int)answer.StatusCode, problem);
    }
}
