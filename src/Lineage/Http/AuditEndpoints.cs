using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Lineage.Audit;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Lineage.Http;

/// <summary>The audit trail: reading it, checking it, taking it away.</summary>
static class AuditEndpoints
{
    const string Lines = "application/jsonl";

    /// <summary>How often a verification says how far it is.</summary>
    static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(1);

    static readonly JsonSerializerOptions Json = ContractJson.Create();

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/audit/events", ListAsync).WithName("list-audit-events");
        routes.MapGet("/audit/event", OneAsync).WithName("get-audit-event");
        routes.MapGet("/audit/verify", VerifyAsync).WithName("verify-audit");
        routes.MapGet("/audit/heads", HeadsAsync).WithName("get-audit-heads");
        routes.MapPost("/audit/heads/check", CheckHeadsAsync).WithName("check-audit-heads");
        routes.MapGet("/audit/export", ExportAsync).WithName("export-audit");
    }

    /// <summary>The query parameters that choose events.</summary>
    internal readonly record struct Selection(
        string? Run, string? Stream, string? Actor, string? Since, string? Until, string[]? Name, bool? Refusals)
    {
        public AuditFilter Filter() => new(
            Run is null ? null : Request.Run(Run), Stream,
            Actor is null ? null : Read("actor", Actor, ActorId.Parse), Time("since", Since), Time("until", Until), Name ?? [],
            Refusals ?? false);

        static DateTimeOffset? Time(string name, string? text) => text is null ? null : Read(name, text, static t =>
            DateTimeOffset.Parse(t, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal));

        static T Read<T>(string name, string text, Func<string, T> parse)
        {
            try
            {
                return parse(text);
            }
            catch (FormatException)
            {
                throw Request.Bad(name, $"\"{text}\" cannot be read.");
            }
        }
    }

    /// <param name="after">Sequence of the last event of the page before, in the same order.</param>
    /// <param name="order"><c>oldest</c> (default) or <c>newest</c> first.</param>
    static async Task<Results<Ok<Page<AuditEvent>>, ProblemResult>> ListAsync(
        [AsParameters] Selection selection, string? after, int? limit, string? order, AuditReader events, CancellationToken ct)
    {
        var (filter, count) = (selection.Filter(), Request.Limit(limit));
        if (order is not (null or "oldest" or "newest")) throw Request.Bad("order", $"\"{order}\" is neither oldest nor newest.");
        var found = await events.PageAsync(filter, after is null ? null : Request.Sequence(after), order is "newest", count + 1, ct);
        return TypedResults.Ok(Pages.Of(found, count, static e => Pages.Cursor(e.Sequence)));
    }

    static async Task<Results<Ok<AuditEvent>, ProblemResult>> OneAsync(
        string stream, long version, AuditReader events, CancellationToken ct) =>
        await events.OneAsync(stream, version, ct) is { } found
            ? TypedResults.Ok(found)
            : new ProblemResult(Problem.Of(
                ProblemCodes.NotFound, 404, "No such event",
                string.Create(CultureInfo.InvariantCulture, $"There is no event {version} in the stream {stream}. ")
                + "Find events with 'lineage audit list'."));

    /// <summary>Lines as they are known: how far it is, then what was found, then the sum. What breaks off ends with a problem.</summary>
    static async Task VerifyAsync(string? run, HttpContext http, TrailReader trail, TimeProvider clock, CancellationToken ct)
    {
        var (id, started, said) = (run is null ? (RunId?)null : Request.Run(run), clock.GetTimestamp(), clock.GetTimestamp());
        var verifier = new AuditVerifier();
        http.Response.ContentType = Lines;
        await http.Response.StartAsync(ct);
        try
        {
            await trail.ReadAsync(verifier, id, async token =>
            {
                if (clock.GetElapsedTime(said) < ProgressEvery) return;
                said = clock.GetTimestamp();
                await WriteAsync(http, new AuditLine(Progress: new AuditProgress(verifier.Streams, verifier.Events, Seconds())), token);
            }, ct);
            foreach (var finding in verifier.Complete()) await WriteAsync(http, new AuditLine(Finding: finding), ct);
            await WriteAsync(http, new AuditLine(Summary: verifier.Summary(clock.GetUtcNow(), id, Seconds())), ct);
        }
        catch (Exception e) when (StoreFailure.Classify(e) is not null)
        {
            await WriteAsync(http, new AuditLine(Problem: Problem.Of(
                ProblemCodes.DatabaseUnreachable, 503, "The database does not answer",
                "PostgreSQL broke off while the trail was read. Nothing was changed. Check again.")), ct);
        }

        double Seconds() => Math.Round(clock.GetElapsedTime(started).TotalSeconds, 3);
    }

    static async Task WriteAsync(HttpContext http, AuditLine line, CancellationToken ct)
    {
        await http.Response.WriteAsync(JsonSerializer.Serialize(line, Json) + "\n", ct);
        await http.Response.Body.FlushAsync(ct);
    }

    static async Task HeadsAsync(HttpContext http, TrailReader trail, TimeProvider clock, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (count, at) = (0L, clock.GetUtcNow());
        http.Response.ContentType = Lines;
        await trail.HeadsAsync(async (head, token) =>
        {
            count++;
            var line = HeadsFile.Line(head);
            hash.AppendData(line);
            await http.Response.Body.WriteAsync(line, token);
        }, ct);
        await http.Response.Body.WriteAsync(
            HeadsFile.Foot(new HeadsFoot(HeadsFile.Format, at, count, ContentHash.FromDigest(hash.GetHashAndReset()))), ct);
    }

    static async Task<Results<Ok<HeadsChecked>, ProblemResult>> CheckHeadsAsync(CheckHeads body, AuditReader events, CancellationToken ct)
    {
        if (body.Heads is not { Count: >= 1 and <= CheckHeads.HeadsMax })
            throw Request.Bad("heads", $"{body.Heads.Count} heads in one request: expected 1-{CheckHeads.HeadsMax}.");
        var found = await events.LinksAsync(body.Heads, ct);
        return TypedResults.Ok(new HeadsChecked(
            [.. body.Heads.Zip(found, static (head, there) => Judge(head, there)).OfType<AuditFinding>()]));
    }

    static AuditFinding? Judge(AuditHead head, RecordedLink? there) => there switch
    {
        null => new AuditFinding(
            head.Stream, head.Version, AuditDamage.Removed,
            "when the heads were written, the stream had an event here; now it has none", null, null, null, null, 0),
        _ when string.Equals(there.Link, head.Link?.ToString(), StringComparison.Ordinal) => null,
        _ => new AuditFinding(
            head.Stream, head.Version, AuditDamage.HeadReplaced,
            $"when the heads were written, the link here was {head.Link?.Short ?? "none"}…: something up to here was replaced, with all "
            + "links after it", there.Sequence, there.Name, there.At, there.Actor, 0),
    };

    static async Task<Results<FileStreamHttpResult, ProblemResult>> ExportAsync(
        [AsParameters] Selection selection, string? format, HttpContext http, AuditExporter exporter, CancellationToken ct)
    {
        if (!Enum.TryParse<ExportFormat>(format ?? "jsonl", ignoreCase: true, out var chosen) || !Enum.IsDefined(chosen))
            throw Request.Bad("format", $"\"{format}\" is none of jsonl, csv and html.");
        var export = await exporter.WriteAsync(selection.Filter(), chosen, Request.Context(http), ct);
        http.Response.Headers["Content-Digest"] = $"sha-256=:{Convert.ToBase64String(export.Digest.ToBytes())}:";
        http.Response.Headers["Lineage-Events"] = export.Events.ToString(CultureInfo.InvariantCulture);
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
        return TypedResults.File(export.Content, chosen switch
        {
            ExportFormat.Jsonl => Lines,
            ExportFormat.Csv => "text/csv; charset=utf-8",
            _ => "text/html; charset=utf-8",
        }, export.FileName);
    }
}
