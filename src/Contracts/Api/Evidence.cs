using System.Text.Json;
using System.Text.Json.Serialization;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Api;

// GET /v1/checkpoints/{run}/{generation}/{step}/evidence → EvidencePack, as canonical JSON

/// <summary>One event with everything that its link binds.</summary>
/// <param name="Link">Null: appended before there were chains.</param>
public sealed record EvidenceEvent(
    long Sequence, string Stream, long Version, string Name, DateTimeOffset At, string? Actor, string? Correlation, string? Causation,
    string? Command, ContentHash Digest, ContentHash? Link, JsonElement Body);

/// <summary>Where a stream stood when the pack was made.</summary>
public sealed record EvidenceHead(string Stream, long Version, ContentHash? Link);

/// <summary>What is known of one checkpoint, as whole streams: its own, those of its chain, of the recoveries that chose it, and the run's.
/// </summary>
/// <param name="Format">Always <see cref="FormatName"/> for this version.</param>
/// <param name="Chain">What rebuilds it, in the order of application.</param>
/// <param name="Heads">Of every stream of the pack, from the service's rows and not from the events; of a pack as of a time, from its
/// last events, because there are no rows of then.</param>
/// <param name="Events">By stream, then version.</param>
/// <param name="AsOf">Nothing later is in it; null: everything that was on record.</param>
public sealed record Evidence(
    string Format, CheckpointId Checkpoint, DateTimeOffset MadeAt, IReadOnlyList<CheckpointId> Chain, IReadOnlyList<EvidenceHead> Heads,
    IReadOnlyList<EvidenceEvent> Events,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? AsOf = null)
{
    public const string FormatName = "lineage.evidence.v1";
}

/// <summary>The file: the evidence, and SHA-256 of its canonical JSON.</summary>
public sealed record EvidencePack(ContentHash Digest, Evidence Evidence);
