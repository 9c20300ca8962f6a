using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Lineage.Contracts.Api;
using Lineage.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Lineage.Http;

/// <summary>On a route whose answer is not to be kept, because it holds a secret.</summary>
sealed class AnswerNotKept
{
    public static AnswerNotKept Instance { get; } = new();
}

/// <summary>
/// A command that is sent again under its Idempotency-Key gets the answer that it got (draft-ietf-httpapi-idempotency-key-header).
/// </summary>
/// <remarks>
/// The answer is kept after the commit. A server that dies between the two leaves a commit without an answer: the repeat is decided again,
/// and the aggregate says that it is done. Refusals are not kept: they changed nothing, and may be decided otherwise a moment later.
/// </remarks>
internal sealed partial class IdempotencyMiddleware(
    RequestDelegate next, KeptAnswers answers, TimeProvider clock, ILogger<IdempotencyMiddleware> log)
{
    public const string Header = "Idempotency-Key", ReplayedHeader = "Idempotency-Replayed";

    const int KeyLengthMax = 200, BodyBytesMax = 256 << 10, RequestInMemoryMax = 64 << 10;

    /// <summary>
    /// Commands under way here. Another server may decide the same command at the same time: the streams' versions settle that.
    /// </summary>
    readonly ConcurrentDictionary<(string Caller, string Key), string> underWay = new();

    /// <summary>The key of this request, without the quotes of a structured field; null if it has none.</summary>
    public static string? KeyOf(HttpContext http)
    {
        var text = http.Request.Headers[Header].ToString();
        if (text.Length == 0) return null;
        if (text is ['"', .., '"']) text = text[1..^1];
        return text.Length is >= 1 and <= KeyLengthMax && !text.AsSpan().ContainsAnyExceptInRange('!', '~') ? text : throw Request.Bad(
            Header, $"expected 1-{KeyLengthMax} printable ASCII characters without blanks.");
    }

    public async Task InvokeAsync(HttpContext http)
    {
        if (http.GetEndpoint() is not { } endpoint || !IsCommand(http.Request.Method) || KeyOf(http) is not { } key
            || endpoint.Metadata.GetMetadata<AnswerNotKept>() is not null)
        {
            await next(http);
            return;
        }

        var (caller, fingerprint) = (Name(http), await FingerprintAsync(http.Request));
        var text = Convert.ToHexStringLower(fingerprint);
        if (!underWay.TryAdd((caller, key), text))
            throw underWay.TryGetValue((caller, key), out var other) && other != text ? Conflict(key) : UnderWay(http, key);
        try
        {
            if (await answers.FindAsync(caller, key, clock.GetUtcNow(), http.RequestAborted) is not { } kept)
                await RunAsync(http, caller, key, fingerprint);
            else if (!kept.Fingerprint.AsSpan().SequenceEqual(fingerprint)) throw Conflict(key);
            else if (kept.Body is null) await RunAsync(http, caller, key, fingerprint);
            else await ReplayAsync(http, kept);
        }
        finally
        {
            underWay.TryRemove((caller, key), out _);
        }
    }

    static bool IsCommand(string method) => HttpMethods.IsPost(method) || HttpMethods.IsPut(method) || HttpMethods.IsDelete(method);

    /// <summary>
    /// A key belongs to its caller: nobody finds another's answers by guessing. On an open server callers name themselves.
    /// </summary>
    static string Name(HttpContext http) =>
        Request.Caller(http) is { Actor: null } open ? $"{open.Name}:{Request.Actor(http)}" : Request.Caller(http).Name;

    static async Task<byte[]> FingerprintAsync(HttpRequest request)
    {
        request.EnableBuffering(RequestInMemoryMax);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{request.Method} {request.Path}{request.QueryString}\n{request.Headers.IfMatch}\n"));
        var buffer = new byte[16 << 10];
        for (int read; (read = await request.Body.ReadAsync(buffer, request.HttpContext.RequestAborted)) > 0;)
            hash.AppendData(buffer, 0, read);
        request.Body.Position = 0;
        return hash.GetHashAndReset();
    }

    async Task RunAsync(HttpContext http, string caller, string key, byte[] fingerprint)
    {
        var (response, wire) = (http.Response, http.Response.Body);
        using var copy = new MemoryStream();
        response.Body = copy;
        try
        {
            await next(http);
        }
        finally
        {
            response.Body = wire;
        }

        var body = copy.ToArray();
        if (response.StatusCode is >= 200 and < 300)
            await KeepAsync(caller, key, new KeptAnswer(
                fingerprint, response.StatusCode, Text(response.Headers.ETag), response.ContentType,
                body.Length <= BodyBytesMax ? body : null));
        if (body.Length > 0) await wire.WriteAsync(body, http.RequestAborted);
    }

    /// <summary>
    /// The command is done whether or not its answer can be kept, and whether or not its caller still waits; so neither fails it.
    /// </summary>
    async Task KeepAsync(string caller, string key, KeptAnswer answer)
    {
        try
        {
            await answers.KeepAsync(caller, key, answer, clock.GetUtcNow(), CancellationToken.None);
        }
        catch (Exception e) when (StoreFailure.Classify(e) is not null)
        {
            LogNotKept(log, key, e.Message);
        }
    }

    static async Task ReplayAsync(HttpContext http, KeptAnswer kept)
    {
        http.Response.StatusCode = kept.Status;
        http.Response.Headers[ReplayedHeader] = "true";
        if (kept.ETag is { } tag) http.Response.Headers.ETag = tag;
        if (kept.MediaType is { } type) http.Response.ContentType = type;
        if (kept.Body is { Length: > 0 } body) await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    static string? Text(Microsoft.Extensions.Primitives.StringValues header) => header.Count == 0 ? null : header.ToString();

    static LineageProblemException Conflict(string key) => Failure.Of(
        ProblemCodes.IdempotencyConflict, 422, "The key was used for another request",
        $"Idempotency-Key {key} belongs to a request with another method, address, condition or body. Nothing was changed. Give each " +
        "command a key of its own, and repeat a command unchanged.");

    static LineageProblemException UnderWay(HttpContext http, string key)
    {
        http.Response.Headers.RetryAfter = "1";
        return Failure.Of(
            ProblemCodes.ConcurrentChange, 409, "The same command is under way",
            $"A request with Idempotency-Key {key} has not been answered yet. This one changed nothing. Send it again in a second: it " +
            "will get that answer.");
    }

    [LoggerMessage(3003, LogLevel.Warning, "The answer to the command with key {Key} could not be kept; a repeat is decided again: " +
        "{Reason}")]
    static partial void LogNotKept(ILogger log, string key, string reason);
}
