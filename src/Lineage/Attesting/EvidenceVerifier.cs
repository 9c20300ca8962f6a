using System.Text.Json;
using Lineage.Audit;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Narration;
using Lineage.Upcasting;

namespace Lineage.Attesting;

/// <summary>What a pack shows by itself.</summary>
/// <param name="Faults">What does not fit, the first of each stream; empty if the pack is whole.</param>
/// <param name="Unlinked">Events from before there were chains: their bodies are checked, their place is not.</param>
public sealed record EvidenceVerdict(CheckpointId? Checkpoint, int Streams, int Events, int Unlinked, IReadOnlyList<string> Faults)
{
    public bool IsWhole => Faults.Count == 0;
}

/// <summary>
/// Checks an evidence pack from its own bytes: the digest of the document, the digest of every event's canonical body, the hash chain of
/// every stream from its first event to the head, and that the chain of checkpoints fits, manifest by manifest.
/// </summary>
/// <remarks>
/// It shows that the pack is what the service gave out and that no event in it was altered, removed or inserted against the heads. It
/// cannot show that whoever made the pack did not replace whole streams, heads included: compare a head with one that was exported
/// earlier, or with another person's pack.
/// </remarks>
public static class EvidenceVerifier
{
    /// <summary>A member that was lost or renamed is a fault, not a default value.</summary>
    static readonly JsonSerializerOptions Strict = new(CanonicalJson.Options)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
    };

    public static EvidenceVerdict Verify(ReadOnlyMemory<byte> file)
    {
        EvidencePack pack;
        ContentHash got;
        try
        {
            using var document = JsonDocument.Parse(file, new JsonDocumentOptions { MaxDepth = 64 });
            got = ContentHash.Of(CanonicalJson.Canonicalize(document.RootElement.GetProperty("evidence")));
            pack = document.RootElement.Deserialize<EvidencePack>(Strict) ?? throw new JsonException("the file holds null");
            if (pack.Evidence.Events.Contains(null!) || pack.Evidence.Heads.Contains(null!)) throw new JsonException("a list holds null");
        }
        catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            return new EvidenceVerdict(Checkpoint: null, 0, 0, 0, [$"the file is no evidence pack: {e.Message}"]);
        }

        return Verify(pack, got);
    }

    static EvidenceVerdict Verify(EvidencePack pack, ContentHash got)
    {
        var evidence = pack.Evidence;
        List<string> faults = [];
        if (evidence.Format is not Evidence.FormatName)
            faults.Add($"the format is \"{evidence.Format}\", expected \"{Evidence.FormatName}\"");
        if (got != pack.Digest) faults.Add($"the document's digest is {got}, the file says {pack.Digest}");
        var streams = evidence.Events.GroupBy(static e => e.Stream, StringComparer.Ordinal)
            .ToDictionary(static g => g.Key, static g => g.ToList(), StringComparer.Ordinal);
        foreach (var head in evidence.Heads)
            if (StreamFault(head, streams.GetValueOrDefault(head.Stream) ?? []) is { } fault) faults.Add(fault);
        faults.AddRange(streams.Keys.Where(stream => !evidence.Heads.Any(head => head.Stream == stream))
            .Select(static stream => $"{stream}: its events are there, its head is not"));
        if (faults.Count == 0) faults.AddRange(ChainFaults(evidence, streams));
        return new EvidenceVerdict(evidence.Checkpoint, streams.Count, evidence.Events.Count,
            evidence.Events.Count(static e => e.Link is null), faults);
    }

    static string? StreamFault(EvidenceHead head, List<EvidenceEvent> events)
    {
        ContentHash? link = null;
        for (var i = 0; i < events.Count; i++)
        {
            if (EventFault(events[i], i + 1, link) is { } fault) return $"{head.Stream} version {Quantities.Number(i + 1)}: {fault}";
            link = events[i].Link;
        }

        return events.Count != head.Version
            ? $"{head.Stream}: {Quantities.Number(events.Count)} events, its head is version {Quantities.Number(head.Version)}"
            : link != head.Link ? $"{head.Stream}: the last link is {Short(link)}, its head says {Short(head.Link)}" : null;
    }

    static string? EventFault(EvidenceEvent e, long version, ContentHash? previous)
    {
        if (e.Version != version) return $"version {Quantities.Number(e.Version)} stands in its place: an event is missing or was added";
        if (StoredBody.Digest(e.Body) is not { } digest) return "the body has no canonical form";
        if (digest != e.Digest) return $"the body's digest is {digest.Short}, recorded is {e.Digest.Short}: it was altered";

        if (e.Link is not { } link) return previous is null ? null : "it has no link, the event before it has one";
        var expected = EventChain.Link(previous, new ChainedEvent(
            e.Stream, e.Version, e.Name, e.At, e.Actor, e.Correlation, e.Causation, e.Command, e.Digest));
        return link == expected ? null
            : $"its link is {link.Short}, expected {expected.Short}: its place, its metadata or an event before it was altered";
    }

    /// <summary>Every delta's base is the next lower link, with the manifest that was sealed (or rewritten) there.</summary>
    static IEnumerable<string> ChainFaults(Evidence evidence, Dictionary<string, List<EvidenceEvent>> streams)
    {
        Checkpoint? below = null;
        foreach (var id in evidence.Chain)
        {
            if (!streams.TryGetValue(id.StreamKey, out var events) || Fold(events) is not { } link)
            {
                yield return $"{id} is a link of the chain, but its events are not there or cannot be read";
                yield break;
            }

            var edge = link.Base;
            if (edge?.Checkpoint != below?.Id)
                yield return $"{id} is built on {edge?.Checkpoint.ToString() ?? "nothing"}, the chain says "
                    + (below?.Id.ToString() ?? "nothing");
            else if (edge is not null && edge.ManifestHash != below!.Sealed?.ManifestHash)
                yield return $"{id} was encoded against another manifest than {below.Id} has";
            if (link.Sealed is { } closed && closed.ManifestHash != link.Manifest().Hash())
                yield return $"{id}: its shards give another manifest than was sealed";
            below = link;
        }

        if (below?.Id != evidence.Checkpoint) yield return $"the chain does not end at {evidence.Checkpoint}";
    }

    static Checkpoint? Fold(List<EvidenceEvent> events)
    {
        try
        {
            return events.Aggregate((Checkpoint?)null, static (state, e) => EventReader.Today.Read(e.Name, e.Body) is { } known
                ? Checkpoint.Fold(state, known) : state);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    static string Short(ContentHash? link) => link is { } known ? known.Short : "none";
}
