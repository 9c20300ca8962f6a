using System.Diagnostics;
using System.Globalization;
using Lineage.Access;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Store;
using Microsoft.AspNetCore.Http;

namespace Lineage.Http;

/// <summary>Reads identities, cursors and the caller from a request. What cannot be read is a bad-request problem that names it.</summary>
static class Request
{
    public const string ActorHeader = "X-Lineage-Actor", CommandHeader = "Lineage-Command-Id", TraceHeader = "traceparent";

    public const int PageDefault = 100;

    public static RunId Run(string text) => Parsed("run", text, RunId.Parse);

    public static Generation Generation(string text) => Parsed("generation", text, static t => new Generation(Number(t)));

    public static Step Step(string text) => Parsed("step", text, static t => new Step(Number(t)));

    public static Rank Rank(string text) => Parsed("rank", text, static t => Contracts.Identity.Rank.From(Number(t)));

    public static WorldSize World(string text) => Parsed("world", text, static t => WorldSize.From(Number(t)));

    public static ContentHash Hash(string name, string text) => Parsed(name, text, ContentHash.Parse);

    public static CheckpointId Checkpoint(string run, string generation, string step) => new(Run(run), Generation(generation), Step(step));

    public static RecoveryId Recovery(string run, string generation) => new(Run(run), Generation(generation));

    public static CheckpointId? Cursor(string? after) => after is null ? null : Parsed<CheckpointId>("after", after, CheckpointId.Parse);

    public static long Sequence(string? after) => after is null ? 0 : Parsed("after", after, Number);

    public static int Limit(int? limit) => limit switch
    {
        null => PageDefault,
        < 1 or > Queries.PageMax => throw Bad("limit", $"{limit.Value.ToString(CultureInfo.InvariantCulture)} is out of range: expected " +
            $"1-{Queries.PageMax}."),
        { } given => given,
    };

    /// <summary>The time whose record is asked for; null: now.</summary>
    public static DateTimeOffset? AsOf(string? text) => text is null ? null : Parsed("as-of", text, static t =>
        DateTimeOffset.TryParse(
            t, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at)
            ? at : throw new FormatException($"\"{t}\" is no time: expected ISO 8601, for example 2026-11-23T10:00:00Z."));

    /// <summary>The record of every run is not read again for one answer.</summary>
    public static Exception RunMissing(string name) => Bad(name, "a run has to be named with it, for example run=demo.");

    /// <summary>Who the service takes the caller for; nobody, who may nothing, before or unless it is known.</summary>
    public static Caller Caller(HttpContext http) => http.Features.Get<Caller>() ?? Access.Caller.Nobody;

    /// <summary>Whom the request names, else whom the service recognised. Not checked: <see cref="Context"/> does that.</summary>
    public static ActorId Actor(HttpContext http)
    {
        var header = http.Request.Headers[ActorHeader].ToString();
        return header.Length > 0 ? Parsed(ActorHeader, header, ActorId.Parse) : Caller(http).Actor ?? ActorId.Parse("anonymous");
    }

    /// <summary>Who asked, for the record of access: whom the service recognised, and on an open server whom the request names.</summary>
    public static ActorId Asker(HttpContext http)
    {
        if (Caller(http).Actor is { } recognised) return recognised;
        return ActorId.TryParse(http.Request.Headers[ActorHeader], out var named) ? named : ActorId.Parse("anonymous");
    }

    /// <summary>Trace of the request, 32 hexadecimal digits; null if it names none.</summary>
    public static string? Trace(HttpContext http) =>
        ActivityContext.TryParse(http.Request.Headers[TraceHeader].ToString(), traceState: null, out var parent)
            ? parent.TraceId.ToHexString() : null;

    /// <summary>
    /// Who asks and what it belongs to. A body says it better than a header: it was written by the one who acts. Neither may name
    /// somebody for whom the caller may not act.
    /// </summary>
    public static CommandContext Context(HttpContext http, ActorId? actor = null, string? correlation = null)
    {
        var who = actor ?? Actor(http);
        if (!Caller(http).MayActAs(who)) throw AccessRefusals.SomebodyElse(Caller(http), who);
        var command = http.Request.Headers[CommandHeader].ToString() is { Length: > 0 and <= 200 } id ? id
            : IdempotencyMiddleware.KeyOf(http);
        return new CommandContext(who, correlation ?? Trace(http), Causation: null, command) { Expected = Preconditions.Expected(http) };
    }

    public static void Tag(HttpContext http, long version) =>
        http.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    static long Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new FormatException($"\"{text}\" is no whole number.");

    static T Parsed<T>(string name, string text, Func<string, T> parse)
    {
        try
        {
            return parse(text);
        }
        catch (FormatException e)
        {
            throw Bad(name, e.Message);
        }
    }

    public static LineageProblemException Bad(string name, string what) => Failure.Of(
        ProblemCodes.BadRequest, 400, "The request cannot be read", $"{name}: {what} Nothing was changed. The API is described at " +
            "/openapi/v1.json.");
}
