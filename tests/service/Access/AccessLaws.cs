using System.Security.Cryptography;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Tests.Service.Worlds;

namespace Lineage.Tests.Service.Access;

public sealed class AccessLaws(ClosedServer closed) : IClassFixture<ClosedServer>
{
    [Fact]
    public async Task Nobody_is_answered_without_a_key_except_about_health_and_the_description()
    {
        foreach (var route in new[] { "health/live", "health/ready", "health/startup", "openapi/v1.json" })
            Assert.Equal(200, (await closed.AskAsync(HttpMethod.Get, route, token: null)).Status);
        foreach (var token in new[] { null, "nonsense", "lin_0123456789abcdef_x", $"lin_0123456789abcdef_{new string('A', 43)}" })
        {
            var (status, problem) = await closed.AskAsync(HttpMethod.Get, "v1/runs", token);
            Assert.Equal((401, ProblemCodes.NotAuthenticated), (status, problem!.Code));
            Assert.Contains("--key-file", problem.Detail, StringComparison.Ordinal);
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, closed.AdminKeyMode);
        Assert.Contains(closed.Server.Said, static line => line.Contains("access by API key", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_does_what_its_role_may_in_the_names_it_may_use_until_it_is_revoked()
    {
        var issued = await closed.IssueAsync("launcher:a", Role.Agent);
        using var agent = closed.As(issued.Secret, "launcher:a");
        var story = await Story.BeginAsync(agent, "keyed");
        await story.SaveAndVerifyAsync(10);   // ranks and a keeper, all under the launcher's key
        var caller = await agent.GetCallerAsync(default);
        Assert.Equal((ActorId.Parse("launcher:a"), issued.Key.Key), (caller.Actor!.Value, caller.Key));

        var (status, problem) = await closed.AskAsync(
            HttpMethod.Post, "v1/keys", issued.Secret, new IssueKey(ActorId.Parse("person:eve"), [Role.Admin], null, null));
        Assert.Equal((403, ProblemCodes.NotAuthorised), (status, problem!.Code));
        Assert.Contains("needs the role admin", problem.Detail, StringComparison.Ordinal);
        (status, problem) = await closed.AskAsync(
            HttpMethod.Post, "v1/runs/keyed/leases", issued.Secret, new TakeLease(ActorId.Parse("person:ada"), new WorldSize(2)));
        Assert.Equal((403, ProblemCodes.NotAuthorised), (status, problem!.Code));
        Assert.Contains("person:ada", problem.Detail, StringComparison.Ordinal);
        Assert.Equal(403, (await closed.AskAsync(HttpMethod.Get, "v1/runs", issued.Secret, actor: "person:ada")).Status);

        var revoked = await closed.Admin.RevokeKeyAsync(issued.Key.Key, new RevokeKey("lost"), default);
        Assert.Equal((KeyPhase.Revoked, "lost"), (revoked.Phase, revoked.Reason));
        (status, problem) = await closed.AskAsync(HttpMethod.Get, "v1/runs", issued.Secret);
        Assert.Equal((401, ProblemCodes.NotAuthenticated), (status, problem!.Code));
        Assert.Contains("revoked by person:admin", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_of_one_run_touches_no_other_and_asks_about_no_other()
    {
        using (var every = closed.As((await closed.IssueAsync("launcher:b", Role.Agent)).Secret, "launcher:b"))
            foreach (var run in new[] { "scoped", "scoped-too" }) await Story.BeginAsync(every, run);
        var key = (await closed.IssueAsync("launcher:b", Role.Agent, "scoped")).Secret;
        Assert.Equal(200, (await closed.AskAsync(HttpMethod.Get, "v1/runs/scoped", key)).Status);
        Assert.Equal(200, (await closed.AskAsync(HttpMethod.Get, "v1/resolve?ref=scoped", key)).Status);
        Assert.Equal(200, (await closed.AskAsync(HttpMethod.Get, "v1/service", key)).Status);
        foreach (var route in new[] { "v1/runs/scoped-too", "v1/resolve?ref=scop", "v1/resolve?ref=scoped-too@1", "v1/runs",
            "v1/verifications/pending", "v1/runs/scoped-too/log/stream" })
        {
            var (status, problem) = await closed.AskAsync(HttpMethod.Get, route, key);
            Assert.True((status, problem?.Code) == (403, ProblemCodes.NotAuthorised), $"{route}: {status}");
        }

        var mine = new CheckpointId(RunId.Parse("scoped"), new Generation(1), new Step(1));
        var others = mine with { Run = RunId.Parse("scoped-too") };
        var third = new RegisterRun(RunId.Parse("third"), null, null);
        Assert.Equal(403, (await closed.AskAsync(HttpMethod.Post, "v1/runs", key, third)).Status);
        Assert.Equal(403, (await closed.AskAsync(HttpMethod.Post, "v1/messages", key, Facts(others))).Status);
        Assert.Equal(202, (await closed.AskAsync(HttpMethod.Post, "v1/messages", key, Facts(mine))).Status);
    }

    [Fact]
    public async Task Facts_are_taken_from_nobody_who_speaks_for_another_run()
    {
        var key = (await closed.IssueAsync("launcher:c", Role.Agent, "facts")).Secret;
        var id = new CheckpointId(RunId.Parse("facts"), new Generation(1), new Step(1));
        var forged = Facts(id, "rank:other/1/0");
        var (status, problem) = await closed.AskAsync(HttpMethod.Post, "v1/messages", key, forged);
        Assert.Equal((403, ProblemCodes.NotAuthorised), (status, problem!.Code));
    }

    [Fact]
    public async Task A_person_comes_with_a_token_of_the_identity_provider()
    {
        using var stranger = RSA.Create(2048);
        var token = closed.TokenOf("ada@example.org", ["lineage-admin", "other-service-owner"]);
        using var ada = closed.As(token, "person:ada@example.org");
        var caller = await ada.GetCallerAsync(default);
        Assert.Equal((ActorId.Parse("person:ada@example.org"), "token"), (caller.Actor!.Value, caller.By));
        var key = await ada.IssueKeyAsync(new IssueKey(ActorId.Parse("person:bob"), [Role.Reader], null, null), default);
        Assert.Equal(ActorId.Parse("person:ada@example.org"), key.Key.IssuedBy);
        Assert.Equal(403, (await closed.AskAsync(HttpMethod.Get, "v1/runs", closed.TokenOf("nobody", []))).Status);
        Assert.Equal(403, (await closed.AskAsync(HttpMethod.Get, "v1/keys", closed.TokenOf("bob", ["reader"]))).Status);
        Assert.Equal(200, (await closed.AskAsync(HttpMethod.Get, "v1/keys", closed.TokenOf("eva", ["auditor"]))).Status);

        foreach (var (bad, why) in new[]
        {
            (closed.TokenOf("ada", ["admin"], life: TimeSpan.FromMinutes(-2)), "not valid at this time"),
            (closed.TokenOf("ada", ["admin"], audience: "elsewhere"), "another audience"),
            (closed.TokenOf("ada", ["admin"], issuer: "https://evil.test"), "not trusted here"),
            (closed.TokenOf("ada", ["admin"], signedBy: stranger), "signature"),
            (token[..(token.LastIndexOf('.') + 1)], "token"),
        })
        {
            var (status, problem) = await closed.AskAsync(HttpMethod.Get, "v1/runs", bad);
            Assert.Equal((401, ProblemCodes.NotAuthenticated), (status, problem!.Code));
            Assert.Contains(why, problem.Detail, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Whoever_asks_too_much_waits_and_nobody_else_does()
    {
        var loud = (await closed.IssueAsync("person:loud", Role.Reader)).Secret;
        var quiet = (await closed.IssueAsync("person:quiet", Role.Reader)).Secret;
        var answers = await Task.WhenAll(Enumerable.Range(0, 400).Select(_ => closed.AskAsync(HttpMethod.Get, "v1/caller", loud)));
        var refused = answers.Where(static a => a.Status == 429).ToList();
        Assert.NotEmpty(refused);
        Assert.All(refused, static a => Assert.Equal(ProblemCodes.RateLimited, a.Problem!.Code));
        Assert.Contains(answers, static a => a.Status == 200);
        Assert.Equal(200, (await closed.AskAsync(HttpMethod.Get, "v1/caller", quiet)).Status);
        Assert.Equal(200, (await closed.AskAsync(HttpMethod.Get, "health/ready", token: null)).Status);
    }

    [Fact]
    public async Task The_secret_is_nowhere_in_the_database()
    {
        var issued = await closed.IssueAsync("launcher:d", Role.Agent);
        await using var source = Npgsql.NpgsqlDataSource.Create(closed.Server.Server.Postgres!.ConnectionString);
        foreach (var table in new[] { "mt_events", "mt_doc_key", "mt_doc_key_hash", "idempotency" })
        {
            await using var command = source.CreateCommand($"select count(*) from lineage.{table} t where t::text like $1");
            command.Parameters.Add(new() { Value = $"%{issued.Secret[^43..]}%" });
            Assert.Equal(0L, await command.ExecuteScalarAsync());
        }
    }

    static FactBatch Facts(CheckpointId id, string? actor = null) => new(
    [
        new ShardVerificationReported
        {
            Id = MessageId.Derive("verify", id.ToString()), Checkpoint = id, Rank = new Rank(0), Actor = ActorId.Parse(actor ?? "keeper:a"),
            Correlation = "c", Finding = Finding.Intact, Depth = VerificationDepth.Deep, ReadBytes = 1,
        },
    ]);
}
