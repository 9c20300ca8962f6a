using System.Net;
using Lineage.Agents.Client;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.Tests.Property.Client;

/// <summary>How a command is told apart from its repeats, and how its sender proves who it is.</summary>
public sealed class CommandLaws
{
    static readonly RunId Run = RunId.Parse("demo");

    static readonly ActorId Actor = ActorId.Parse("launcher:a");

    [Fact]
    public async Task A_command_keeps_its_key_through_all_attempts_and_another_one_has_another()
    {
        var refusals = 2;
        using var script = new AnswerScript((_, _) => refusals-- > 0
            ? AnswerScript.Refuse(ProblemCodes.DatabaseUnreachable, HttpStatusCode.ServiceUnavailable)
            : (HttpStatusCode.NoContent, null));
        using var client = Client(script);
        var body = new ReleaseLease(Actor, "done");
        await client.ReleaseLeaseAsync(Run, new Generation(1), body, default);
        await client.ReleaseLeaseAsync(Run, new Generation(1), body, default);
        var keys = script.Requests.Select(KeyOf).ToList();
        Assert.Equal(4, keys.Count);
        Assert.Single(keys.Take(3).Distinct(StringComparer.Ordinal));
        Assert.NotEqual(keys[0], keys[3], StringComparer.Ordinal);
        Assert.All(keys, Assert.NotNull);

        using var other = Client(script);
        await other.ReleaseLeaseAsync(Run, new Generation(1), body, default);
        Assert.DoesNotContain(KeyOf(script.Requests[^1]), keys, StringComparer.Ordinal);   // of another process, say
    }

    [Fact]
    public async Task Questions_and_facts_carry_no_key()
    {
        using var script = new AnswerScript(static (request, _) => request.Method == HttpMethod.Get
            ? (HttpStatusCode.OK, new Page<RunView>([], Next: null)) : (HttpStatusCode.Accepted, null));
        using var client = Client(script);
        await client.ListRunsAsync(null, 10, default);
        await client.PostFactsAsync(new FactBatch([]), default);
        Assert.All(script.Requests, static request => Assert.Null(KeyOf(request)));
    }

    [Fact]
    public async Task A_key_file_that_was_replaced_is_read_again_when_the_old_key_is_refused()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "lin_old\n");
            using var script = new AnswerScript(static (request, _) => request.Headers.Authorization?.Parameter == "lin_new"
                ? (HttpStatusCode.OK, new Page<RunView>([], Next: null))
                : AnswerScript.Refuse(ProblemCodes.NotAuthenticated, HttpStatusCode.Unauthorized));
            using var client = Client(script, Credential.FromFile(file));
            var refused = await Assert.ThrowsAsync<LineageProblemException>(() => client.ListRunsAsync(null, 10, default));
            Assert.Equal((ProblemCodes.NotAuthenticated, 2), (refused.Code, script.Asked.Count));
            await File.WriteAllTextAsync(file, "lin_new\n");
            await client.ListRunsAsync(null, 10, default);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_key_that_cannot_be_read_is_said_before_anything_is_sent()
    {
        Credential[] unreadable = [Credential.FromFile("/nowhere/key"), Credential.FromCommand("exit 3"), Credential.Of("two words")];
        foreach (var credential in unreadable)
        {
            using var script = new AnswerScript(static (_, _) => (HttpStatusCode.OK, null));
            using var client = Client(script, credential);
            var refused = await Assert.ThrowsAsync<LineageProblemException>(() => client.ListRunsAsync(null, 10, default));
            Assert.Equal(ProblemCodes.NotAuthenticated, refused.Code);
            Assert.Empty(script.Asked);
        }
    }

    [Fact]
    public async Task A_command_may_print_the_key()
    {
        using var script = new AnswerScript(static (_, _) => (HttpStatusCode.OK, new Page<RunView>([], Next: null)));
        using var client = Client(script, Credential.FromCommand("echo lin_printed"));
        await client.ListRunsAsync(null, 10, default);
        Assert.Equal("Bearer lin_printed", script.Requests[0].Headers.Authorization?.ToString());
    }

    static string? KeyOf(HttpRequestMessage request) =>
        request.Headers.TryGetValues("Idempotency-Key", out var values) ? values.Single() : null;

    static LineageClient Client(AnswerScript script, Credential? credential = null) => new(
        new ClientOptions(new Uri("http://lineage.test"), Actor)
        {
            RetriesMax = 2,
            RetryDelay = TimeSpan.FromMilliseconds(1),
            Credential = credential,
        },
        TimeProvider.System, script);
}
