using System.Security.Cryptography;
using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Format;

/// <summary>Last line of a heads file.</summary>
/// <param name="Digest">SHA-256 of all bytes before this line.</param>
public sealed record HeadsFoot(string Format, DateTimeOffset At, long Streams, ContentHash Digest);

/// <summary>
/// How far every stream went at one moment: a line of canonical JSON per stream, ordered by the bytes of its name, and a last line with the
/// digest of the ones before. Kept where the keeper of the database cannot write, it turns "nothing contradicts itself" into "nothing
/// before this moment was replaced" (docs/AUDIT.md).
/// </summary>
public static class HeadsFile
{
    public const string Format = "lineage-audit-heads.v1";

    public static byte[] Line(AuditHead head) => [.. CanonicalJson.Write(head), (byte)'\n'];

    public static byte[] Foot(HeadsFoot foot) => [.. CanonicalJson.Write(foot), (byte)'\n'];

    /// <summary>Reads a file line by line and checks it.</summary>
    /// <exception cref="FormatException">It is no heads file, it is cut off, or it was changed.</exception>
    public static async Task<HeadsFoot> ReadAsync(
        IAsyncEnumerable<string> lines, Func<AuditHead, CancellationToken, Task> each, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (count, foot) = (0L, (HeadsFoot?)null);
        await foreach (var line in lines.WithCancellation(ct))
        {
            if (foot is not null) throw new FormatException($"line {count + 2} comes after the last line of a heads file");
            if (line.Contains("\"format\"", StringComparison.Ordinal))
            {
                foot = Parse<HeadsFoot>(line, count + 1);
                continue;
            }

            var head = Parse<AuditHead>(line, count + 1);
            hash.AppendData(Line(head));
            count++;
            await each(head, ct);
        }

        if (foot is null) throw new FormatException("the last line of a heads file is missing: it was cut off, or is none");
        if (!string.Equals(foot.Format, Format, StringComparison.Ordinal))
            throw new FormatException($"it is of the format {foot.Format}, expected {Format}");
        var digest = ContentHash.FromDigest(hash.GetHashAndReset());
        return foot.Streams == count && foot.Digest == digest
            ? foot
            : throw new FormatException($"it holds {count} heads with digest {digest.Short}…, its last line says {foot.Streams} with "
                + $"{foot.Digest.Short}…: it was changed");
    }

    static T Parse<T>(string line, long number)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(line, CanonicalJson.Options) ?? throw new FormatException($"line {number} is null");
        }
        catch (JsonException e)
        {
            throw new FormatException($"line {number} is no line of a heads file: {e.Message}", e);
        }
    }
}
