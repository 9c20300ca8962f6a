using System.Net;
using System.Text;
using System.Text.Json;

namespace Lineage.Tests.Service.Http;

/// <summary>Whatever comes in, the answer is one problem with a stable code and a next step, and never a stack trace.</summary>
public sealed class BadInputLaws(SharedServer shared) : IClassFixture<SharedServer>
{
    public static TheoryData<string, string, string?, int, string, string> Cases => new()
    {
        { "GET", "v1/runs/nobody", null, 404, "no-such-run", "POST /v1/runs" },
        { "GET", "v1/runs/UPPER", null, 400, "bad-request", "run:" },
        { "GET", "v1/checkpoints/nobody/1/2", null, 404, "no-such-checkpoint", "never opened" },
        { "GET", "v1/checkpoints/nobody/one/2", null, 400, "bad-request", "generation:" },
        { "GET", "v1/recoveries/nobody/2", null, 404, "no-such-recovery", "GET /v1/runs/nobody" },
        { "GET", "v1/runs?limit=0", null, 400, "bad-request", "1-1000" },
        { "GET", "v1/runs?limit=many", null, 400, "bad-request", "limit" },
        { "GET", "v1/resolve", null, 400, "bad-request", "ref" },
        { "GET", "v1/resolve?ref=a..b", null, 400, "bad-reference", "run:latest-verified" },
        { "GET", "v1/restore-plans?ref=nobody", null, 404, "no-such-run", "lineage run list" },
        { "GET", "v1/nothing", null, 404, "not-found", "/openapi/v1.json" },
        { "DELETE", "v1/runs", null, 405, "bad-request", "/openapi/v1.json" },
        { "POST", "v1/runs", "{", 400, "bad-request", "$" },
        { "POST", "v1/runs", "{}", 400, "bad-request", "run" },
        { "POST", "v1/runs", """{"run":17,"policy":null,"labels":null}""", 400, "bad-request", "$.run" },
        { "POST", "v1/runs", """{"run":"no spaces","policy":null,"labels":null}""", 400, "bad-request", "$.run" },
        { "POST", "v1/runs", """{"run":"x","policy":{"fullEvery":0},"labels":null}""", 400, "bad-request", "1-10,000" },
        { "POST", "v1/runs", """{"run":"x","run":"y"}""", 400, "bad-request", "run" },
        { "POST", "v1/runs/nobody/leases", """{"holder":"launcher:a","worldSize":2}""", 404, "no-such-run", "POST /v1/runs" },
        { "POST", "v1/runs/nobody/leases", """{"holder":"launcher:a","worldSize":0}""", 400, "bad-request", "$.worldSize" },
        { "POST", "v1/messages", """{"messages":[]}""", 400, "bad-request", "1-1000" },
        { "POST", "v1/messages", """{"messages":null}""", 400, "bad-request", "messages" },
        { "POST", "v1/messages", """{"messages":[{"kind":"unheard-of.v1"}]}""", 400, "bad-request", "$.messages[0]" },
    };

    [Theory, MemberData(nameof(Cases))]
    public async Task Bad_input_is_one_problem_with_its_code_and_what_to_do_next(string method, string path, string? body, int status,
        string code, string says)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        await ExpectAsync(request, status, code, says);
    }

    [Fact]
    public async Task A_body_that_is_too_large_and_one_that_is_no_json_are_refused()
    {
        using var large = new HttpRequestMessage(HttpMethod.Post, "v1/messages")
        {
            Content = new ByteArrayContent(new byte[9 << 20]) { Headers = { ContentType = new("application/json") } },
            Headers = { ExpectContinue = true },   // asks before it sends, so that the answer is read and not a broken pipe
        };
        await ExpectAsync(large, 413, "bad-request", "too large");
        using var text = new HttpRequestMessage(HttpMethod.Post, "v1/runs");
        text.Content = new StringContent("run=x", Encoding.UTF8, "text/plain");
        await ExpectAsync(text, 415, "bad-request", "application/json");
    }

    [Fact]
    public async Task The_api_describes_itself_and_says_what_it_runs_on()
    {
        using var description = JsonDocument.Parse(await shared.Server.Http.GetStringAsync("openapi/v1.json"));
        var paths = description.RootElement.GetProperty("paths").EnumerateObject().Select(static p => p.Name).ToList();
        Assert.Contains("/v1/runs/{run}/recoveries", paths, StringComparer.Ordinal);
        Assert.Contains("/v1/messages", paths, StringComparer.Ordinal);
        foreach (var health in new[] { "health/live", "health/ready", "health/startup" })
            Assert.Equal(HttpStatusCode.OK, (await shared.Server.Http.GetAsync(health)).StatusCode);
        var service = await shared.Server.Client.GetServiceAsync(default);
        Assert.True(service is { PrivatePostgres: true, Broker: "in-memory" });
        Assert.Contains(shared.Server.Said, static line => line.StartsWith("no database given: private PostgreSQL ",
            StringComparison.Ordinal));
    }

    async Task ExpectAsync(HttpRequestMessage request, int status, string code, string says)
    {
        using var answer = await shared.Server.Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == (int)answer.StatusCode, $"{(int)answer.StatusCode}: {text}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        using var problem = JsonDocument.Parse(text);
        Assert.Equal(code, problem.RootElement.GetProperty("code").GetString());
        Assert.Equal($"https://lineage/errors/{code}", problem.RootElement.GetProperty("type").GetString());
        Assert.Contains(says, problem.RootElement.GetProperty("detail").GetString()!, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
    }
}
