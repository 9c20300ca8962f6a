using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Lineage.Agents.Client;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Tests.Property.Reporting;

namespace Lineage.Tests.Property.Client;

public sealed class LineageClientLaws
{
    static readonly RunId Run = RunId.Parse("demo");

    [Theory]
    [InlineData(ProblemCodes.ServerUnreachable, true)]
    [InlineData(ProblemCodes.DatabaseUnreachable, true)]
    [InlineData(ProblemCodes.NotReady, true)]
    [InlineData(ProblemCodes.ConcurrentChange, true)]
    [InlineData(ProblemCodes.StaleGeneration, false)]
    [InlineData(ProblemCodes.NoSuchRun, false)]
    [InlineData(ProblemCodes.BadRequest, false)]
    [InlineData(ProblemCodes.Internal, false)]
    public async Task Only_what_may_pass_by_itself_is_asked_again_and_never_without_end(string code, bool again)
    {
        using var script = new AnswerScript((_, _) => AnswerScript.Refuse(code));
        using var client = Client(script);
        var refused = await Assert.ThrowsAsync<LineageProblemException>(() => client.GetRunAsync(Run, CancellationToken.None));
        Assert.Equal(code, refused.Code);
        Assert.Equal(again ? 3 : 1, script.Asked.Count);
    }

    [Fact]
    public async Task A_failure_that_passes_is_not_seen_by_the_caller()
    {
        var left = 2;
        using var script = new AnswerScript((_, _) => left-- > 0
            ? AnswerScript.Refuse(ProblemCodes.NotReady, HttpStatusCode.ServiceUnavailable)
            : (HttpStatusCode.OK, new Page<RunView>([], Next: null)));
        using var client = Client(script);
        Assert.Empty((await client.ListRunsAsync(after: null, limit: 10, CancellationToken.None)).Items);
    }

    [Fact]
    public async Task Every_request_says_who_asks_and_carries_the_trace()
    {
        using var script = new AnswerScript((_, _) => (HttpStatusCode.Accepted, null));
        using var client = Client(script);
        using var trace = new Activity("test").Start();
        await client.PostFactsAsync(new FactBatch([OutboxLaws.Fact(1)]), CancellationToken.None);
        Assert.Equal("rank:demo/1/0", Assert.Single(script.Requests[0].Headers.GetValues("X-Lineage-Actor")));
        var sent = Assert.Single(script.Requests[0].Headers.GetValues("traceparent"));
        Assert.Contains(trace.TraceId.ToString(), sent, StringComparison.Ordinal);
        Assert.Contains("\"kind\":\"shard-store-reported.v1\"", script.Asked[0].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nobody_listens_the_server_is_unreachable_and_the_next_step_is_said()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        using var client = new LineageClient(Options(new Uri($"http://127.0.0.1:{port}")), TimeProvider.System);
        var away = await Assert.ThrowsAsync<LineageProblemException>(() => client.GetRunAsync(Run, CancellationToken.None));
        Assert.Equal(ProblemCodes.ServerUnreachable, away.Code);
        Assert.Contains("lineage server run", away.Problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_accepts_and_says_nothing_is_unreachable_within_the_bound()
    {
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();
        var options = Options(new Uri($"http://127.0.0.1:{((IPEndPoint)mute.LocalEndpoint).Port}")) with
        {
            RequestTimeout = TimeSpan.FromMilliseconds(100),
        };
        using var client = new LineageClient(options, TimeProvider.System);
        var away = await Assert.ThrowsAsync<LineageProblemException>(() => client.GetRunAsync(Run, CancellationToken.None));
        Assert.Equal(ProblemCodes.ServerUnreachable, away.Code);
    }

    [Fact]
    public async Task An_answer_that_is_no_problem_document_is_reported_as_such()
    {
        using var script = new AnswerScript((_, _) => (HttpStatusCode.NotFound, "<html>another server</html>"));
        using var client = Client(script);
        var strange = await Assert.ThrowsAsync<LineageProblemException>(() => client.GetRunAsync(Run, CancellationToken.None));
        Assert.Equal(ProblemCodes.NotFound, strange.Code);
        Assert.Contains("Is it a Lineage server", strange.Problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_is_cancelling_and_no_unreachable_server()
    {
        using var script = new AnswerScript((_, _) => AnswerScript.Refuse(ProblemCodes.NotReady));
        using var client = Client(script);
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetRunAsync(Run, stop.Token));
    }

    static LineageClient Client(AnswerScript script) => new(Options(new Uri("http://lineage.test")), TimeProvider.System, script);

    static ClientOptions Options(Uri server) => new(server, ActorId.Parse("rank:demo/1/0"))
    {
        RetriesMax = 2,
        RetryDelay = TimeSpan.FromMilliseconds(1),
    };
}
