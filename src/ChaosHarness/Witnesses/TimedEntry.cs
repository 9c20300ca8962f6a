using System.Text.Json;
using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Format;

namespace Lineage.ChaosHarness.Witnesses;

/// <summary>An entry as the process wrote it down that saw it; its own index and time are given when journals are merged.</summary>
/// <param name="AtMicros">Microseconds since 1970 by the machine's clock, which all processes of a world share.</param>
public sealed record TimedEntry(long AtMicros, Entry Entry)
{
    static readonly JsonSerializerOptions Json = new(CanonicalJson.Options) { AllowOutOfOrderMetadataProperties = true };

    public static long Micros(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    public byte[] ToLine() => [.. JsonSerializer.SerializeToUtf8Bytes(this, Json), (byte)'\n'];

    /// <exception cref="JsonException">The line is no entry.</exception>
    public static TimedEntry Parse(string line) =>
        JsonSerializer.Deserialize<TimedEntry>(line, Json) is { Entry: not null } read ? read
            : throw new JsonException("A journal's line holds no entry.");
}
