using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Client;

/// <summary>What came with an export.</summary>
/// <param name="Digest">Of the bytes that were received; the service says the same.</param>
public sealed record ExportReceipt(ContentHash Digest, long Events, long Bytes);

// The audit trail.
public sealed partial class LineageClient
{
    static readonly JsonSerializerOptions AuditJson = ContractJson.Create();

    /// <param name="newestFirst">Else oldest first.</param>
    public Task<Page<AuditEvent>> ListAuditEventsAsync(
        AuditFilter filter, string? after, int limit, bool newestFirst, CancellationToken ct) =>
        GetAsync<Page<AuditEvent>>(
            $"{Paged("v1/audit/events", after, limit)}&order={(newestFirst ? "newest" : "oldest")}{And(filter)}", ct);

    public Task<AuditEvent> GetAuditEventAsync(string stream, long version, CancellationToken ct) =>
        GetAsync<AuditEvent>(string.Create(
            CultureInfo.InvariantCulture, $"v1/audit/event?stream={Uri.EscapeDataString(stream)}&version={version}"), ct);

    /// <summary>How far a verification is, what it finds, and last its summary.</summary>
    /// <exception cref="LineageProblemException">The service could not read the trail to its end, or broke off.</exception>
    public async IAsyncEnumerable<AuditLine> VerifyAuditAsync(RunId? run, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var text in transport.LinesAsync($"v1/audit/verify{(run is { } id ? $"?run={id}" : "")}", ct))
        {
            var line = JsonSerializer.Deserialize<AuditLine>(text, AuditJson)!;
            if (line.Problem is { } problem) throw new LineageProblemException(problem);
            yield return line;
        }
    }

    /// <summary>The lines of a heads file (<see cref="HeadsFile"/>).</summary>
    public IAsyncEnumerable<string> GetAuditHeadsAsync(CancellationToken ct) => transport.LinesAsync("v1/audit/heads", ct);

    public Task<HeadsChecked> CheckAuditHeadsAsync(CheckHeads body, CancellationToken ct) =>
        PostAsync<HeadsChecked>("v1/audit/heads/check", body, ct);

    /// <summary>Writes an export to <paramref name="target"/>.</summary>
    /// <exception cref="LineageProblemException">Also when fewer or other bytes came than the service sent.</exception>
    public async Task<ExportReceipt> ExportAuditAsync(AuditFilter filter, string format, Stream target, CancellationToken ct)
    {
        using var response = await transport.StreamAsync($"v1/audit/export?format={format}{And(filter)}", ct);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var source = await response.Content.ReadAsStreamAsync(ct);
        var (buffer, total) = (new byte[1 << 16], 0L);
        for (int read; (read = await source.ReadAsync(buffer, ct)) > 0; total += read)
        {
            hash.AppendData(buffer, 0, read);
            await target.WriteAsync(buffer.AsMemory(0, read), ct);
        }

        var digest = ContentHash.FromDigest(hash.GetHashAndReset());
        var said = response.Headers.TryGetValues("Content-Digest", out var values) ? values.First()
            : response.Content.Headers.TryGetValues("Content-Digest", out values) ? values.First() : "none";
        if (!string.Equals(said, $"sha-256=:{Convert.ToBase64String(digest.ToBytes())}:", StringComparison.Ordinal))
            throw new LineageProblemException(Problem.Of(
                ProblemCodes.ServerUnreachable, 503, "The export did not arrive whole",
                $"{total:N0} bytes came, and their digest is not the one that {Server} sent ({said}). Nothing was kept. Export again."));
        var events = response.Headers.TryGetValues("Lineage-Events", out values)
            && long.TryParse(values.First(), CultureInfo.InvariantCulture, out var count) ? count : 0;
        return new ExportReceipt(digest, events, total);
    }

    static string And(AuditFilter filter) => filter.ToQuery() is { Length: > 0 } query ? $"&{query}" : "";
}
