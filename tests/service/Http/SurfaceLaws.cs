using System.Net;
using System.Text.Json;
using Lineage.Access;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Http;
using Lineage.Tests.Service.Worlds;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Lineage.Tests.Service.Http;

/// <summary>What holds of every route, and what the server says of itself.</summary>
[Collection(OneServer.Name)]
public sealed class SurfaceLaws(SharedServer shared)
{
    readonly RunningServer server = shared.Server;

    [Fact]
    public void Every_route_says_what_its_caller_must_be_allowed() => Assert.Equal("", string.Join('\n',
        from endpoint in server.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints
        let name = RouteNames.Of(endpoint)
        where !RoutePermissions.Table.ContainsKey(name)
        select $"{endpoint.DisplayName}: add \"{name}\" to RoutePermissions"));

    /// <summary>Questions whose text is too long for an address.</summary>
    static readonly string[] AskedByPost = ["check-audit-heads"];

    [Fact]
    public void What_changes_something_is_open_to_no_reader_and_no_auditor() => Assert.Equal("", string.Join('\n',
        from endpoint in server.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints
        let name = RouteNames.Of(endpoint)
        where endpoint.Metadata.GetMetadata<IHttpMethodMetadata>() is { HttpMethods: [var method, ..] } && method != "GET"
        where !AskedByPost.Contains(name, StringComparer.Ordinal)
        where RoutePermissions.Of(name) is Permission.Anybody or Permission.Read or Permission.Audit
        select $"{endpoint.DisplayName} changes something and needs {RoutePermissions.Of(name)}"));

    [Fact]
    public async Task The_log_comes_live_each_event_once_and_goes_on_after_the_last_one_seen()
    {
        var story = await Story.BeginAsync(server.Client, "live");
        using var enough = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        var seen = new List<LogEntry>();
        var tail = FollowAsync(0, 2 + 6, seen, enough.Token);
        await story.SaveAsync(10);   // opened, two shards diffed and stored, sealed
        await tail;
        Assert.Equal((await story.LogAsync()).Select(static e => e.Sequence).Take(seen.Count), seen.Select(static e => e.Sequence));

        var rest = new List<LogEntry>();
        await FollowAsync(seen[3].Sequence, seen.Count - 4, rest, enough.Token);
        Assert.Equal(seen.Skip(4).Select(static e => e.Sequence), rest.Select(static e => e.Sequence));

        using var resumed = new HttpRequestMessage(HttpMethod.Get, "v1/runs/live/log/stream?after=0");
        resumed.Headers.Add("Last-Event-ID", seen[^2].Sequence.ToString(System.Globalization.CultureInfo.InvariantCulture));
        using var answer = await server.Http.SendAsync(resumed, HttpCompletionOption.ResponseHeadersRead, enough.Token);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(enough.Token));
        string? id;
        do id = await lines.ReadLineAsync(enough.Token);
        while (id?.StartsWith("id: ", StringComparison.Ordinal) is not true);
        Assert.Equal($"id: {seen[^1].Sequence}", id);
    }

    async Task FollowAsync(long after, int count, List<LogEntry> into, CancellationToken ct)
    {
        await foreach (var entry in server.Client.FollowLogAsync(RunId.Parse("live"), after, ct))
        {
            into.Add(entry);
            if (into.Count == count) return;
        }
    }

    [Fact]
    public async Task A_tail_of_a_run_that_is_not_there_and_one_too_many_are_refused_and_a_stop_ends_the_others()
    {
        await using var small = await RunningServer.StartAsync(static options => options with { StreamsMax = 1 });
        await Story.BeginAsync(small.Client, "tails");
        Assert.Equal(HttpStatusCode.NotFound, (await small.Http.GetAsync("v1/runs/nobody/log/stream")).StatusCode);
        using var first = await small.Http.GetAsync("v1/runs/tails/log/stream", HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await first.Content.ReadAsStreamAsync());
        Assert.StartsWith(": tails", await lines.ReadLineAsync(), StringComparison.Ordinal);
        using var second = await small.Http.GetAsync("v1/runs/tails/log/stream");
        Assert.Equal((HttpStatusCode)429, second.StatusCode);
        Assert.NotNull(second.Headers.RetryAfter);
        string? line;
        do line = await lines.ReadLineAsync();
        while (line?.Contains("lease-granted.v1", StringComparison.Ordinal) is false);
        small.Server.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        Assert.DoesNotContain("id: ", await lines.ReadToEndAsync(), StringComparison.Ordinal);   // to its end, and not by an error
    }

    static readonly string[] LookedAt = ["database", "started"];

    [Theory]
    [InlineData("health/live"), InlineData("health/ready"), InlineData("health/startup")]
    public async Task Health_says_what_it_looked_at(string route)
    {
        using var answer = await server.Http.GetAsync(route);
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal("healthy", body.RootElement.GetProperty("status").GetString());
        var names = body.RootElement.GetProperty("checks").EnumerateArray().Select(static c => c.GetProperty("name").GetString()).ToList();
        if (route == "health/ready") Assert.Empty(LookedAt.Except(names, StringComparer.Ordinal));
        if (route == "health/startup") Assert.Equal(["started"], names);
    }

    [Fact]
    public async Task A_page_may_load_nothing_from_elsewhere_and_an_answer_is_what_it_says()
    {
        using var page = await server.Http.GetAsync("docs/");
        Assert.Equal("text/html", page.Content.Headers.ContentType?.MediaType);
        Assert.Contains("frame-ancestors 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.DoesNotContain("https://", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var answer = await server.Http.GetAsync("v1/runs");
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Fact]
    public async Task Where_nobody_is_asked_everybody_is_whom_the_request_names()
    {
        Assert.True(await server.Client.GetCallerAsync(default) is { By: "open", Actor: null });
        Assert.Contains(server.Said, static line => line.StartsWith("no access control", StringComparison.Ordinal));
    }
}
