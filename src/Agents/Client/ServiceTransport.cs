using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Polly;
using Polly.Retry;

namespace Lineage.Agents.Client;

/// <summary>
/// Sends requests, repeats them where the failure is transient, and turns every failure into a <see cref="LineageProblemException"/>.
/// Repeating is safe because every route is idempotent for the same body.
/// </summary>
internal sealed partial class ServiceTransport : IDisposable
{
    const int ProblemBytesMax = 64 * 1024;
    static readonly JsonSerializerOptions Json = ContractJson.Create();

    readonly HttpClient http;
    readonly ClientOptions options;
    readonly ResiliencePipeline pipeline;
    readonly TimeProvider clock;

    /// <summary>Keys of this client's commands begin so: no other process makes the same ones.</summary>
    readonly string origin = RandomNumberGenerator.GetHexString(20, lowercase: true);
    long commands;

    public ServiceTransport(ClientOptions options, TimeProvider clock, HttpMessageHandler? handler)
    {
        this.options = options;
        this.clock = clock;
        http = handler is null
            ? new HttpClient(new SocketsHttpHandler
            {
                ConnectTimeout = options.RequestTimeout,
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            })
            : new HttpClient(handler, disposeHandler: false);
        http.BaseAddress = options.Server;
        http.Timeout = Timeout.InfiniteTimeSpan;   // each attempt has its own bound, on the injected clock
        http.DefaultRequestHeaders.Add("X-Lineage-Actor", options.Actor.ToString());
        var retry = new RetryStrategyOptions
        {
            MaxRetryAttempts = Math.Max(1, options.RetriesMax),
            Delay = options.RetryDelay,
            MaxDelay = TimeSpan.FromSeconds(5),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = false,
            ShouldHandle = new PredicateBuilder().Handle<LineageProblemException>(static e => IsTransient(e.Problem)),
        };
        pipeline = options.RetriesMax == 0
            ? ResiliencePipeline.Empty
            : new ResiliencePipelineBuilder { TimeProvider = clock }.AddRetry(retry).Build();
    }

    /// <summary>What may be different a moment later without anybody doing anything.</summary>
    public static bool IsTransient(Problem problem) => problem.Code
        is ProblemCodes.ServerUnreachable or ProblemCodes.DatabaseUnreachable or ProblemCodes.BrokerUnreachable or ProblemCodes.NotReady
        or ProblemCodes.ConcurrentChange or ProblemCodes.RateLimited;

    public async Task<T> AskAsync<T>(HttpMethod method, string route, object? body, CancellationToken ct)
    {
        using var response = await SendAsync(method, route, body, ct);
        return await response.Content.ReadFromJsonAsync<T>(Json, ct) ?? throw Malformed(route, "an empty body");
    }

    public async Task<byte[]> BytesAsync(string route, CancellationToken ct)
    {
        using var response = await SendAsync(HttpMethod.Get, route, body: null, ct);
        return await response.Content.ReadAsByteArrayAsync(ct);
    }

    public async Task TellAsync(HttpMethod method, string route, object? body, CancellationToken ct)
    {
        using var response = await SendAsync(method, route, body, ct);
    }

    /// <summary>An answer that goes on for as long as the caller reads; only its beginning has a bound.</summary>
    public Task<HttpResponseMessage> StreamAsync(string route, CancellationToken ct) => SendAsync(
        new Call(HttpMethod.Get, route, Body: null, Key: null, HttpCompletionOption.ResponseHeadersRead), ct);

    /// <summary>One command keeps its key through all attempts. Facts need none: each message has an id of its own.</summary>
    Task<HttpResponseMessage> SendAsync(HttpMethod method, string route, object? body, CancellationToken ct)
    {
        var key = method == HttpMethod.Get || route == "v1/messages" ? null
            : string.Create(CultureInfo.InvariantCulture, $"{origin}-{Interlocked.Increment(ref commands)}");
        return SendAsync(new Call(method, route, body, key, HttpCompletionOption.ResponseContentRead), ct);
    }

    Task<HttpResponseMessage> SendAsync(Call call, CancellationToken ct) => pipeline.ExecuteAsync(async token =>
    {
        try
        {
            return await AttemptAsync(call, token);
        }
        catch (LineageProblemException e) when (e.Problem.Status == 401 && options.Credential is { } credential)
        {
            credential.Forget();   // it may have been replaced under us
            return await AttemptAsync(call, token);
        }
    }, ct).AsTask();

    sealed record Call(HttpMethod Method, string Route, object? Body, string? Key, HttpCompletionOption Until);

    async Task<HttpRequestMessage> RequestAsync(Call call, CancellationToken ct)
    {
        var request = new HttpRequestMessage(call.Method, call.Route);
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } trace })
            request.Headers.TryAddWithoutValidation("traceparent", trace);
        if (options.Credential is { } credential) request.Headers.Authorization = new("Bearer", await credential.TokenAsync(ct));
        if (call.Key is { } key) request.Headers.TryAddWithoutValidation("Idempotency-Key", $"\"{key}\"");
        if (call.Body is { } body) request.Content = JsonContent.Create(body, body.GetType(), options: Json);
        return request;
    }

    async Task<HttpResponseMessage> AttemptAsync(Call call, CancellationToken ct)
    {
        using var bound = new CancellationTokenSource(options.RequestTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, bound.Token);
        using var request = await RequestAsync(call, either.Token);
        HttpResponseMessage response;
        try
        {
            // The body is read within the bound too: a service that stops in the middle of an answer is away as well.
            response = await http.SendAsync(request, call.Until, either.Token);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw Unreachable($"did not answer within {options.RequestTimeout.TotalSeconds:0.#} s", e);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e.InnerException is SocketException socket ? socket.Message : e.Message, e);
        }

        if (response.IsSuccessStatusCode) return response;
        using (response) throw new LineageProblemException(await ProblemOfAsync(response, call.Route, ct));
    }

    LineageProblemException Unreachable(string why, Exception cause) => new(
        Problem.Of(
            ProblemCodes.ServerUnreachable, 503, "Server unreachable",
            $"The Lineage server at {options.Server} {(cause is OperationCanceledException ? "" : "cannot be reached: ")}{why}. " +
            "Whether the last request took effect is unknown; repeating it is safe. Start it with: lineage server run"),
        cause);

    async Task<Problem> ProblemOfAsync(HttpResponseMessage response, string route, CancellationToken ct)
    {
        var status = (int)response.StatusCode;
        var bytes = await response.Content.ReadAsByteArrayAsync(ct);
        try
        {
            if (bytes.Length is > 0 and <= ProblemBytesMax
                && JsonSerializer.Deserialize<Problem>(bytes, Json) is { Code.Length: > 0 } problem)
                return problem;
        }
        catch (JsonException)
        {
            // Not ours: a proxy or another server answers on that port. What follows says what it answered.
        }

        var code = response.StatusCode switch
        {
            HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout
                => ProblemCodes.ServerUnreachable,
            HttpStatusCode.NotFound => ProblemCodes.NotFound,
            HttpStatusCode.Unauthorized => ProblemCodes.NotAuthenticated,
            HttpStatusCode.Forbidden => ProblemCodes.NotAuthorised,
            _ => ProblemCodes.Internal,
        };
        return Problem.Of(code, status, "Unexpected answer", string.Create(
            CultureInfo.InvariantCulture,
            $"{options.Server} answered {route} with HTTP {status} and {bytes.Length:N0} bytes that are no problem document. " +
            $"Is it a Lineage server of this version?"));
    }

    LineageProblemException Malformed(string route, string got) => new(Problem.Of(
        ProblemCodes.Internal, 500, "Unexpected answer",
        $"{options.Server} answered {route} with {got}. Is it a Lineage server of this version?"));

    public void Dispose() => http.Dispose();
}
