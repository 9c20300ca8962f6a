using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Format;

/// <summary>What one link of a stream's hash chain binds: the event's place, its metadata and its body.</summary>
/// <param name="At">Microseconds count, as PostgreSQL keeps them.</param>
/// <param name="Digest">SHA-256 of the canonical body.</param>
public sealed record ChainedEvent(
    string Stream, long Version, string Name, DateTimeOffset At, string? Actor, string? Correlation, string? Causation, string? Command,
    ContentHash Digest);

/// <summary>
/// The hash chain of a stream (docs/PROTOCOL.md, the audit trail). Each event carries the SHA-256 over the link before it and everything
/// that is said of the event, each field with its length in front: an event that was altered, removed, inserted, reordered or moved to
/// another stream breaks the chain at that place.
/// </summary>
/// <remarks>
/// The construction of RFC 9162's log is a tree; a chain is enough while one writer appends to a stream and the whole stream is read to
/// check it. It shows tampering to whoever holds an older head; it cannot show that a whole stream, head included, was replaced.
/// </remarks>
public static class EventChain
{
    const string Domain = "lineage.event-chain.v1";

    /// <param name="previous">Link of the event before; null for the first of a stream.</param>
    public static ContentHash Link(ContentHash? previous, ChainedEvent e)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, Domain);
        Append(hash, previous?.ToString());
        Append(hash, e.Stream);
        Append(hash, e.Version.ToString(CultureInfo.InvariantCulture));
        Append(hash, e.Name);
        Append(hash, Micros(e.At).ToString(CultureInfo.InvariantCulture));
        Append(hash, e.Actor);
        Append(hash, e.Correlation);
        Append(hash, e.Causation);
        Append(hash, e.Command);
        Append(hash, e.Digest.ToString());
        return ContentHash.FromDigest(hash.GetHashAndReset());
    }

    /// <summary>The time as the database will give it back.</summary>
    public static DateTimeOffset Truncate(DateTimeOffset at) => at.AddTicks(-(at.Ticks % TimeSpan.TicksPerMicrosecond));

    static long Micros(DateTimeOffset at) => (at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>An absent field and an empty one are different.</summary>
    static void Append(IncrementalHash hash, string? field)
    {
        Span<byte> length = stackalloc byte[4];
        if (field is null)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(length, uint.MaxValue);
            hash.AppendData(length);
            return;
        }

        var bytes = Encoding.UTF8.GetBytes(field);
        BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}
