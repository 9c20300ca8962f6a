using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Hosting;
using Lineage.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Lineage.Http;

/// <summary>How many live tails are open; more than the bound are refused.</summary>
sealed class StreamGate(ServerOptions options)
{
    int open;

    public int Max => options.StreamsMax;

    public bool TryEnter()
    {
        if (Interlocked.Increment(ref open) <= options.StreamsMax) return true;
        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref open);
}

/// <summary>
/// A run's log as server-sent events: each event once, in order, and then whatever comes. The id of an event is its sequence, so that a
/// client that lost the connection goes on after the last one it has (Last-Event-ID).
/// </summary>
/// <remarks>
/// The stream ends when the server stops, and clients connect again. Nothing is kept for a client between connections. Only settled rows
/// are shown (<see cref="EventLog"/>), so a cursor never passes an event that is still to come.
/// </remarks>
static class LogStream
{
    const int PageSize = 200, BodyBytesKept = 64 << 10;

    public const string MediaType = "text/event-stream";

    /// <summary>Looks often while something happens, and seldom when nothing does; no connection is held while it waits.</summary>
    static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100), LookAgainMax = TimeSpan.FromSeconds(1);

    /// <summary>A comment, so that proxies and clients see a live connection.</summary>
    static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/runs/{run}/log/stream", StreamAsync).WithName("stream-log")
        .Produces<LogEntry>(StatusCodes.Status200OK, MediaType);

    /// <summary>Events of a run as they come, as server-sent events.</summary>
    /// <param name="after">Sequence of the last event seen; Last-Event-ID counts before it.</param>
    static async Task<IResult> StreamAsync(
        string run, string? after, Queries queries, EventLog log, StreamGate gate, TimeProvider clock, IHostApplicationLifetime life,
        HttpContext http, CancellationToken ct)
    {
        var id = Request.Run(run);
        var last = http.Request.Headers["Last-Event-ID"].ToString();
        var cursor = Request.Sequence(last.Length > 0 ? last : after);
        if (await queries.RunAsync(id, ct) is null) return ProblemResult.From(Refusals.NoSuchRun(id));
        if (!gate.TryEnter())
        {
            http.Response.Headers.RetryAfter = "5";
            return new ProblemResult(Problem.Of(
                ProblemCodes.RateLimited, 429, "Too many live tails",
                $"This server serves {gate.Max} live tails at once, and all are taken. Nothing was changed. Ask again later, ask another " +
                $"server, or read GET /v1/runs/{id}/log?after=…&wait=30."));
        }

        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, life.ApplicationStopping);
            await WriteAsync(http, id, cursor, log, clock, either.Token);
        }
        catch (OperationCanceledException) when (life.ApplicationStopping.IsCancellationRequested || ct.IsCancellationRequested)
        {
            // The server stops, or the client went away: both end the stream and nothing else.
        }
        finally
        {
            gate.Leave();
        }

        return Results.Empty;
    }

    static async Task WriteAsync(HttpContext http, RunId run, long cursor, EventLog log, TimeProvider clock, CancellationToken ct)
    {
        http.Response.ContentType = MediaType;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await SendAsync(http, $": {run} after {cursor.ToString(CultureInfo.InvariantCulture)}\nretry: 1000\n\n", ct);
        var (pause, spoken) = (LookAgain, clock.GetTimestamp());
        while (true)
        {
            var events = await log.OfRunAsync(run, cursor, PageSize, ct);
            if (events.Count > 0)
            {
                await SendAsync(http, Frames(events), ct);
                (cursor, pause, spoken) = (events[^1].Sequence, LookAgain, clock.GetTimestamp());
                if (events.Count == PageSize) continue;
            }
            else if (clock.GetElapsedTime(spoken) >= Heartbeat)
            {
                await SendAsync(http, ": still here\n\n", ct);
                spoken = clock.GetTimestamp();
            }

            await Task.Delay(pause, clock, ct);
            pause = pause * 1.5 < LookAgainMax ? pause * 1.5 : LookAgainMax;
        }
    }

    /// <summary>JSON of ours has no line breaks, so one data line holds an entry.</summary>
    static string Frames(IReadOnlyList<StoredEvent> events)
    {
        var text = new StringBuilder(Math.Min(BodyBytesKept, events.Count * 1024));
        foreach (var e in events)
        {
            text.Append(CultureInfo.InvariantCulture, $"id: {e.Sequence}\nevent: entry\ndata: ")
                .Append(JsonSerializer.Serialize(LogEndpoints.Entry(e), CanonicalJson.Options)).Append("\n\n");
        }

        return text.ToString();
    }

    static async Task SendAsync(HttpContext http, string text, CancellationToken ct)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        var bytes = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            Encoding.UTF8.GetBytes(text, bytes);
            await http.Response.Body.WriteAsync(bytes.AsMemory(0, length), ct);
            await http.Response.Body.FlushAsync(ct);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
