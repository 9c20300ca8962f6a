using System.Text;
using System.Text.Json;
using FsCheck.Xunit;
using Lineage.Attesting;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Tests.Property.Runs;

namespace Lineage.Tests.Property.Attesting;

public sealed class EvidenceLaws
{
    static readonly ActorId Ada = ActorId.Parse("person:ada");

    [Fact]
    public void A_pack_is_checked_from_its_own_bytes()
    {
        var verdict = EvidenceVerifier.Verify(Bytes(Pack()));
        Assert.Empty(verdict.Faults);
        Assert.Equal((Given.Id(1, 20), 3, 0), (verdict.Checkpoint!.Value, verdict.Streams, verdict.Unlinked));
    }

    [Property(MaxTest = 500)]
    public void A_byte_that_is_changed_anywhere_is_found(int seed)
    {
        var random = new Random(seed);
        var bytes = Bytes(Pack());
        bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        Assert.False(EvidenceVerifier.Verify(bytes).IsWhole);
    }

    /// <summary>Whoever changes an event can also make the document's digest anew, and even that event's own digest.</summary>
    [Theory]
    [InlineData("body"), InlineData("body-and-digest"), InlineData("actor"), InlineData("time"), InlineData("removed"), InlineData("last")]
    [InlineData("swapped"), InlineData("stream"), InlineData("head")]
    public void An_event_that_was_tampered_with_breaks_the_chain_although_the_document_has_a_new_digest(string how)
    {
        var evidence = Pack();
        var events = evidence.Events.ToList();
        var at = events.FindIndex(static e => e.Name == "shard-stored.v1");
        var forged = Body(new ShardStored(Given.Id(1, 10), new Rank(0), Given.Hash("forged"), 1, "disk", "key", Given.At(0)));
        switch (how)
        {
            case "body":
                events[at] = events[at] with { Body = forged };
                break;
            case "body-and-digest":
                events[at] = events[at] with { Body = forged, Digest = ContentHash.Of(CanonicalJson.Canonicalize(forged)) };
                break;
            case "actor": events[at] = events[at] with { Actor = "person:mallory" }; break;
            case "time": events[at] = events[at] with { At = events[at].At.AddSeconds(1) }; break;
            case "removed": events.RemoveAt(at); break;
            case "last": events.RemoveAt(events.Count - 1); break;
            case "swapped": (events[at], events[at + 1]) = (events[at + 1], events[at]); break;
            case "stream": events[at] = events[at] with { Stream = "run/demo" }; break;
            default:
                evidence = evidence with { Heads = [.. evidence.Heads.Skip(1)] };
                break;
        }

        var verdict = EvidenceVerifier.Verify(Bytes(evidence with { Events = events }));
        Assert.NotEmpty(verdict.Faults);
        Assert.DoesNotContain(verdict.Faults, static fault => fault.StartsWith("the document", StringComparison.Ordinal));
    }

    [Fact]
    public void A_chain_that_does_not_fit_is_found_although_every_stream_is_whole()
    {
        var verdict = EvidenceVerifier.Verify(Bytes(Pack() with { Chain = [Given.Id(1, 20)] }));
        Assert.Contains("the chain says nothing", Assert.Single(verdict.Faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(""), InlineData("null"), InlineData("{}"), InlineData("[1]"), InlineData("""{"digest":"x","evidence":null}""")]
    [InlineData("""{"evidence":{"a":1e999}}""")]
    public void What_is_no_pack_is_said_to_be_none(string text) => Assert.StartsWith(
        "the file is no evidence pack", EvidenceVerifier.Verify(Encoding.UTF8.GetBytes(text)).Faults[0], StringComparison.Ordinal);

    static byte[] Bytes(Evidence evidence) => CanonicalJson.Write(new EvidencePack(CanonicalJson.Digest(evidence), evidence));

    static JsonElement Body(object e) => JsonSerializer.SerializeToElement(e, e.GetType(), CanonicalJson.Options);

    /// <summary>A run, a full checkpoint and a delta on it.</summary>
    static Evidence Pack()
    {
        var full = Given.Verified(Given.Id(1, 10));
        var delta = Given.Sealed(Given.Id(1, 20), Given.EdgeTo(full), full.Id);
        List<EvidenceEvent> events = [];
        List<EvidenceHead> heads = [];
        foreach (var (stream, bodies) in new (string, IEnumerable<object>)[]
        {
            (full.Id.StreamKey, Story(full)), (delta.Id.StreamKey, Story(delta)), ("run/demo", [Given.Registered(), Given.Granted(1)]),
        })
        {
            ContentHash? link = null;
            var version = 0L;
            foreach (var body in bodies)
            {
                var digest = CanonicalJson.Digest(body);
                var (name, at) = (EventCatalog.Names[body.GetType()], Given.At(events.Count));
                link = EventChain.Link(link, new ChainedEvent(stream, ++version, name, at, Ada.ToString(), "trace", null, "c-1", digest));
                events.Add(new EvidenceEvent(
                    events.Count + 1, stream, version, name, at, Ada.ToString(), "trace", null, "c-1", digest, link, Body(body)));
            }

            heads.Add(new EvidenceHead(stream, version, link));
        }

        return new Evidence(Evidence.FormatName, delta.Id, Given.At(99), [full.Id, delta.Id], heads, events);
    }

    static IEnumerable<object> Story(Checkpoint state) =>
    [
        state.Opened, .. state.Shards.Values.SelectMany(static s => new object[] { s.Diffed!, s.Stored[0] }), state.Sealed!,
        .. state.Shards.Values.Where(static s => s.Verified is not null).Select(static s => (object)s.Verified!),
    ];
}
