using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Audit;

/// <summary>One event as the database holds it, with nothing believed: texts of headers are texts, whatever they should be.</summary>
/// <param name="UserName">The column that repeats the actor.</param>
/// <param name="Actor">The header.</param>
/// <param name="Digest">Header: SHA-256 of the canonical body, taken at append.</param>
/// <param name="Link">Header: link in the stream's chain.</param>
/// <param name="BodyDigest">SHA-256 of the canonical form of the body that is stored now; null when it has none.</param>
/// <param name="BodyAt">The time that the body itself names; null when it names none.</param>
/// <param name="Archived">A flag by which readers pass the event by; nothing here ever sets it.</param>
public sealed record RecordedEvent(
    long Sequence, string Stream, long Version, string Name, DateTimeOffset At, string? UserName, string? Actor, string? Correlation,
    string? Causation, string? Command, string? Digest, string? Link, ContentHash? BodyDigest, DateTimeOffset? BodyAt = null,
    bool Archived = false);

/// <summary>What else the database knows of a stream: how long it is, and where its row (a projection) stands.</summary>
/// <param name="StreamVersion">Version in the table of streams; null when it is not there.</param>
/// <param name="HasRow">Streams of this kind have a row, and this one has it.</param>
/// <param name="WantsRow">Streams of this kind have a row.</param>
public sealed record RecordedStream(string Stream, long? StreamVersion, bool WantsRow, bool HasRow, long RowVersion, string? RowHead);

/// <summary>The digest of a body that comes back from the database.</summary>
public static class StoredBody
{
    /// <summary>
    /// A double of 10^16 or more that has no fraction is a plain whole number in jsonb, which canonical JSON refuses because it could be
    /// a 64-bit number. No event holds such a one (they are refused at append), so what comes back so is a double.
    /// </summary>
    public static ContentHash? Digest(JsonElement body)
    {
        try
        {
            return ContentHash.Of(CanonicalJson.Canonicalize(body));
        }
        catch (FormatException)
        {
            return DigestWithDoubles(body);
        }
    }

    static ContentHash? DigestWithDoubles(JsonElement body)
    {
        try
        {
            var doubled = Doubles(body);
            return ContentHash.Of(CanonicalJson.Canonicalize(JsonSerializer.SerializeToElement(doubled)));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    static JsonNode? Doubles(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => new JsonObject(element.EnumerateObject()
            .Select(static member => KeyValuePair.Create(member.Name, Doubles(member.Value)))),
        JsonValueKind.Array => new JsonArray([.. element.EnumerateArray().Select(Doubles)]),
        JsonValueKind.Number when IsDouble(element) => JsonValue.Create(
            JsonElement.Parse(element.GetDouble().ToString("E16", CultureInfo.InvariantCulture))),
        _ => JsonNode.Parse(element.GetRawText()),
    };

    static bool IsDouble(JsonElement number) => !number.GetRawText().AsSpan().ContainsAny(".eE")
        && (!number.TryGetInt64(out var whole) || Math.Abs((double)whole) > CanonicalJson.WholeNumberMax)
        && double.IsFinite(number.GetDouble());
}
