using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Store;
using Lineage.Upcasting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Lineage.Http;

/// <summary>A run's whole life, event by event.</summary>
static class LogEndpoints
{
    /// <summary>Longest time that a request may wait for something new.</summary>
    const int WaitSecondsMax = 30;

    static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(150);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/runs/{run}/log", LogAsync).WithName("get-log");

    /// <summary>A run's log, oldest first.</summary>
    /// <param name="wait">Seconds to wait when there is nothing after the cursor yet.</param>
    static async Task<Results<Ok<Page<LogEntry>>, ProblemResult>> LogAsync(
        string run, string? after, int? limit, int? wait, Queries queries, EventLog log, TimeProvider clock, CancellationToken ct)
    {
        var (id, cursor, count) = (Request.Run(run), Request.Sequence(after), Request.Limit(limit));
        if (wait is < 0 or > WaitSecondsMax) throw Request.Bad("wait", $"{wait} s is out of range: expected 0-{WaitSecondsMax}.");
        if (await queries.RunAsync(id, ct) is null) return ProblemResult.From(Refusals.NoSuchRun(id));
        var asked = clock.GetTimestamp();   // what elapses, not the time of day: that may jump
        var events = await log.OfRunAsync(id, cursor, count + 1, ct);
        while (events.Count == 0 && clock.GetElapsedTime(asked).TotalSeconds < (wait ?? 0))
        {
            await Task.Delay(Poll, clock, ct);
            events = await log.OfRunAsync(id, cursor, count + 1, ct);
        }

        // Followers go on from the last entry they have; the next page is named while there is one.
        return TypedResults.Ok(Pages.Of(events, count, Entry, static e => Pages.Cursor(e.Sequence)));
    }

    internal static LogEntry Entry(StoredEvent e) => new(
        e.Sequence, e.Stream, e.Version, e.Name, e.At, e.Header(MartenSetup.ActorHeader) ?? "unknown", e.Correlation, e.Causation,
        e.Header(MartenSetup.CommandHeader), ContentHash.Parse(e.Header(MartenSetup.DigestHeader)!), EventReader.Today.Tell(e.Name, e.Body),
        e.Body);
}
