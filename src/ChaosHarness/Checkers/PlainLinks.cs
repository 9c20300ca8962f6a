using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>
/// The hash chain of streams, computed by the judge's own code from what the columns hold (docs/PROTOCOL.md, "The audit trail"). Events
/// are given in the order of stream and version.
/// </summary>
sealed class PlainLinks
{
    string? stream, before;

    /// <param name="link">As it is on record; null if there is none.</param>
    /// <param name="fields">From the actor to the digest, as they are on record.</param>
    /// <returns>Null for an event from before there were chains.</returns>
    public bool? Holds(string of, long version, string name, long micros, string? link, params ReadOnlySpan<string?> fields)
    {
        if (!string.Equals(of, stream, StringComparison.Ordinal)) (stream, before) = (of, null);
        if (link is null) return before is null ? null : false;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string?[] place = ["lineage.event-chain.v1", before, of, Decimal(version), name, Decimal(micros)];
        foreach (var field in place) Append(hash, field);
        foreach (var field in fields) Append(hash, field);
        before = link;
        return string.Equals(link, $"sha256:{Convert.ToHexStringLower(hash.GetHashAndReset())}", StringComparison.Ordinal);
    }

    static string Decimal(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Each field behind its length in 4 bytes, the lowest first; one that is null has the length 2^32-1 and no bytes.</summary>
    static void Append(IncrementalHash hash, string? field)
    {
        var bytes = field is null ? [] : Encoding.UTF8.GetBytes(field);
        var length = field is null ? uint.MaxValue : (uint)bytes.Length;
        hash.AppendData([(byte)(length & 255), (byte)(length >> 8 & 255), (byte)(length >> 16 & 255), (byte)(length >> 24)]);
        hash.AppendData(bytes);
    }
}
