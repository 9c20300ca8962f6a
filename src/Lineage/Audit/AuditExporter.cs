using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Store;

namespace Lineage.Audit;

public enum ExportFormat { Jsonl, Csv, Html }

/// <summary>A finished export, already on record.</summary>
/// <param name="Content">Its bytes, from the beginning; the file behind it goes away with it.</param>
public sealed record AuditExport(Stream Content, ExportFormat Format, long Events, ContentHash Digest, string FileName);

/// <summary>
/// Writes part of the trail to a temporary file, notes the export on record with the digest of its bytes, and hands the file over.
/// </summary>
/// <remarks>The record comes before the first byte leaves: a server that dies in between has recorded an export that nobody got, never
/// the other way round.</remarks>
public sealed class AuditExporter(AuditReader events, TrailReader trail, AccessJournal journal, TimeProvider clock)
{
    static readonly JsonSerializerOptions Json = ContractJson.Create();

    public async Task<AuditExport> WriteAsync(AuditFilter filter, ExportFormat format, CommandContext context, CancellationToken ct)
    {
        var at = clock.GetUtcNow();
        await using var rows = Temporary();
        var (count, lines) = await RowsAsync(rows, filter, format, ct);
        var file = Temporary();
        try
        {
            if (format == ExportFormat.Html)
            {
                var (summary, findings) = await VerifyAsync(filter.Run, ct);
                await WriteAsync(file, AuditHtml.Head(new AuditHtmlFacts(filter, at, context.Actor, count, lines, summary, findings)), ct);
            }

            rows.Position = 0;
            await rows.CopyToAsync(file, ct);
            if (format == ExportFormat.Html) await WriteAsync(file, AuditHtml.Foot, ct);
            var digest = await DigestAsync(file, ct);
            var name = format.ToString().ToLowerInvariant();
            await journal.AppendOnceAsync(
                now => new AuditExported(context.Actor, name, filter.ToQuery(), count, digest, now),
                context with { Command = context.Command ?? $"export/{digest.Short}/{at.UtcTicks.ToString(CultureInfo.InvariantCulture)}" },
                ct);
            return new AuditExport(file, format, count, digest, $"lineage-audit-{at.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}.{name}");
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    /// <summary>The whole trail, or that of one run, checked now.</summary>
    async Task<(AuditSummary Summary, IReadOnlyList<AuditFinding> Findings)> VerifyAsync(RunId? run, CancellationToken ct)
    {
        var started = clock.GetTimestamp();
        var verifier = new AuditVerifier();
        await trail.ReadAsync(verifier, run, static _ => Task.CompletedTask, ct);
        var findings = verifier.Complete();
        return (verifier.Summary(clock.GetUtcNow(), run, clock.GetElapsedTime(started).TotalSeconds), findings);
    }

    /// <summary>One row per event, and the digest that the same events have as lines of JSON.</summary>
    async Task<(long Count, ContentHash Lines)> RowsAsync(FileStream rows, AuditFilter filter, ExportFormat format, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var count = 0L;
        if (format == ExportFormat.Csv) await WriteAsync(rows, AuditCsv.Header, ct);
        await foreach (var e in events.AllAsync(filter, ct))
        {
            count++;
            var line = JsonSerializer.Serialize(e, Json) + "\n";
            hash.AppendData(Encoding.UTF8.GetBytes(line));
            await WriteAsync(rows, format switch
            {
                ExportFormat.Jsonl => line,
                ExportFormat.Csv => AuditCsv.Row(e),
                _ => AuditHtml.Row(e),
            }, ct);
        }

        return (count, ContentHash.FromDigest(hash.GetHashAndReset()));
    }

    static async Task<ContentHash> DigestAsync(FileStream file, CancellationToken ct)
    {
        file.Position = 0;
        var digest = ContentHash.FromDigest(await SHA256.HashDataAsync(file, ct));
        file.Position = 0;
        return digest;
    }

    static async Task WriteAsync(Stream stream, string text, CancellationToken ct) =>
        await stream.WriteAsync(Encoding.UTF8.GetBytes(text), ct);

    /// <summary>Readable by this user only, and gone when it is closed.</summary>
    static FileStream Temporary() => new(
        Path.Combine(Path.GetTempPath(), $"lineage-audit-{Path.GetRandomFileName()}"), new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            Options = FileOptions.Asynchronous | FileOptions.DeleteOnClose,
            BufferSize = 1 << 16,
        });
}
