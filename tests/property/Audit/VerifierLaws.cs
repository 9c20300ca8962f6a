using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Lineage.Audit;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Audit;

/// <summary>A few streams as an honest writer leaves them.</summary>
public sealed record SmallTrail(IReadOnlyList<(RecordedStream Stream, IReadOnlyList<RecordedEvent> Events)> Streams)
{
    public override string ToString() => string.Join(", ", Streams.Select(static s => $"{s.Stream.Stream} x{s.Events.Count}"));

    public static SmallTrail Write(IReadOnlyList<int> lengths, int unlinked)
    {
        var sequence = 0L;
        return new SmallTrail([.. lengths.Select((length, i) =>
            Stream($"checkpoint/r/1/{i}", length, i == 0 ? Math.Min(unlinked, length) : 0, ref sequence))]);
    }

    static (RecordedStream, IReadOnlyList<RecordedEvent>) Stream(string name, int length, int unlinked, ref long sequence)
    {
        var events = new List<RecordedEvent>();
        ContentHash? link = null;
        for (var version = 1; version <= length; version++)
        {
            var body = ContentHash.Of(System.Text.Encoding.UTF8.GetBytes($"{name} {version}"));
            var at = DateTimeOffset.UnixEpoch.AddSeconds(++sequence);
            var actor = version % 2 == 0 ? "rank:r/1/0" : "server";
            var e = new RecordedEvent(
                sequence, name, version, version == 1 ? "checkpoint-opened.v1" : "shard-stored.v1", at, actor, actor, $"c-{version}", null,
                $"m-{version}", body.ToString(), null, body);
            if (version > unlinked)
            {
                link = EventChain.Link(link, new ChainedEvent(name, version, e.Name, at, actor, e.Correlation, null, e.Command, body));
                e = e with { Link = link.ToString() };
            }

            events.Add(e);
        }

        return (new RecordedStream(name, length, WantsRow: true, HasRow: true, length, link?.ToString()), events);
    }
}

public static class SmallTrails
{
    public static Arbitrary<SmallTrail> Any() =>
        (from count in Gen.Choose(2, 3)
         from lengths in Gen.ArrayOf(Gen.Choose(2, 7), count)
         from unlinked in Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(0, 3)))
         select SmallTrail.Write(lengths, unlinked)).ToArbitrary();
}

public sealed class VerifierLaws
{
    [Property(Arbitrary = [typeof(SmallTrails)], MaxTest = 300)]
    public void A_trail_that_nobody_touched_is_intact_and_what_has_no_link_is_counted(SmallTrail trail)
    {
        var verifier = Verify(trail.Streams);
        Assert.Empty(verifier.Findings);
        Assert.Equal(trail.Streams.Sum(static s => s.Events.Count(static e => e.Link is null)), verifier.Unlinked);
    }

    [Property(Arbitrary = [typeof(SmallTrails)], MaxTest = 1_000)]
    public FsCheck.Property Any_single_change_is_found_at_or_before_its_place(
        SmallTrail trail, NonNegativeInt stream, NonNegativeInt place, NonNegativeInt kind)
    {
        var at = stream.Get % trail.Streams.Count;
        var changed = Mutation.Apply(trail, at, place.Get % trail.Streams[at].Events.Count, kind.Get, out var name, out var version);
        var found = Verify(changed).Findings.FirstOrDefault(f =>
            string.Equals(f.Stream, trail.Streams[at].Stream.Stream, StringComparison.Ordinal));
        return (found is not null && found.Version <= version)
            .Label($"{name} at {version} of {trail.Streams[at].Stream.Stream} in {trail}: {found?.Damage ?? "nothing"} at {found?.Version}")
            .Collect(name);
    }

    [Fact]
    public void What_is_before_the_chains_is_only_checked_by_its_body()
    {
        var (stream, events) = SmallTrail.Write([5, 2], unlinked: 3).Streams[0];
        var altered = events.Select(static e => e.Version == 2 ? e with { BodyDigest = ContentHash.Of("x"u8) } : e).ToArray();
        var found = Assert.Single(Verify([(stream, altered)]).Findings);
        Assert.Equal((2L, AuditDamage.BodyAltered), (found.Version, found.Damage));
        var renamed = events.Select(static e => e.Version == 2 ? e with { Correlation = "other" } : e).ToArray();
        Assert.Empty(Verify([(stream, renamed)]).Findings);
    }

    static (IReadOnlyList<AuditFinding> Findings, long Unlinked) Verify(
        IEnumerable<(RecordedStream Stream, IReadOnlyList<RecordedEvent> Events)> streams)
    {
        var verifier = new AuditVerifier();
        foreach (var (stream, events) in streams)
        {
            verifier.Begin(stream);
            foreach (var e in events.OrderBy(static e => e.Version)) verifier.Add(e);
        }

        var findings = verifier.Complete();
        return (findings, verifier.Unlinked);
    }
}

/// <summary>One thing done to a trail by somebody who can write to the event table and to the table of streams.</summary>
static class Mutation
{
    static readonly (string Name, Func<RecordedEvent, RecordedEvent> Change)[] Edits =
    [
        ("body", static e => e with { BodyDigest = ContentHash.Of("other"u8) }),
        ("body without canonical form", static e => e with { BodyDigest = null }),
        ("digest", static e => e with { Digest = ContentHash.Of("other"u8).ToString() }),
        ("no digest", static e => e with { Digest = null }),
        ("body and digest", static e => e with { BodyDigest = ContentHash.Of("other"u8), Digest = ContentHash.Of("other"u8).ToString() }),
        ("actor", static e => e with { Actor = "person:eve", UserName = "person:eve" }),
        ("user name", static e => e with { UserName = "person:eve" }),
        ("correlation", static e => e with { Correlation = null }),
        ("causation", static e => e with { Causation = "x" }),
        ("command", static e => e with { Command = "" }),
        ("name", static e => e with { Name = "shard-diffed.v1" }),
        ("time", static e => e with { At = e.At.AddMicroseconds(1) }),
        ("link", static e => e with { Link = ContentHash.Of("other"u8).ToString() }),
        ("no link", static e => e with { Link = null }),
        ("unreadable link", static e => e with { Link = "sha256:" }),
        ("archived", static e => e with { Archived = true }),
    ];

    /// <summary>Events without a link bind nothing but their body, so a place there is moved to the first one with a link.</summary>
    public static IReadOnlyList<(RecordedStream Stream, IReadOnlyList<RecordedEvent> Events)> Apply(
        SmallTrail trail, int at, int place, int kind, out string name, out long version)
    {
        var streams = trail.Streams.ToList();
        var (stream, events) = (streams[at].Stream, streams[at].Events.ToList());
        place = Math.Max(place, Math.Min(events.Count - 1, events.FindIndex(static e => e.Link is not null)));
        version = events[place].Version;
        if (events[place].Link is null) kind = 0;   // nothing of it has a link
        var choice = kind % (Edits.Length + 6);
        if (choice < Edits.Length)
        {
            name = Edits[choice].Name;
            events[place] = Edits[choice].Change(events[place]);
        }
        else
        {
            (name, stream) = Structure(choice - Edits.Length, stream, events, place);
            if (name is "appended") version = events.Count;
        }

        if (choice == Edits.Length + 5)
        {
            name = "swapped between streams";
            var other = (at + 1) % streams.Count;
            var foreign = streams[other].Events.ToList();
            (events[place], foreign[0]) = (
                foreign[0] with { Stream = stream.Stream, Version = version },
                events[place] with { Stream = streams[other].Stream.Stream, Version = 1 });
            streams[other] = (streams[other].Stream, foreign);
        }

        streams[at] = (stream, events);
        return streams;
    }

    static (string Name, RecordedStream Stream) Structure(int choice, RecordedStream stream, List<RecordedEvent> events, int place)
    {
        switch (choice)
        {
            case 0:
                events.RemoveAt(place);
                return ("removed", stream);
            case 1:
                events.RemoveAt(place);
                Renumber(events);
                return ("removed and renumbered", stream with { StreamVersion = events.Count });
            case 2:
                events.RemoveRange(place, events.Count - place);
                return ("cut off", stream with { StreamVersion = events.Count });
            case 3:
                events.Insert(place, events[(place + 1) % events.Count] with
                {
                    BodyDigest = ContentHash.Of("new"u8),
                    Digest = ContentHash.Of("new"u8).ToString(),
                });
                Renumber(events);
                return ("inserted", stream with { StreamVersion = events.Count });
            case 4 when place + 1 < events.Count:
                (events[place], events[^1]) = (events[^1], events[place]);
                Renumber(events);
                return ("swapped", stream);
            case 4:
                events.Add(events[place] with { Version = events.Count + 1 });
                return ("appended", stream with { StreamVersion = events.Count });
            default:
                return ("", stream);
        }
    }

    static void Renumber(List<RecordedEvent> events)
    {
        for (var i = 0; i < events.Count; i++) events[i] = events[i] with { Version = i + 1 };
    }
}
