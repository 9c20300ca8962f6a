using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Evidence = Lineage.ChaosHarness.Checkers.Evidence;

namespace Lineage.Bench.Judging;

/// <summary>Events, journal and objects of a history while it is made. Each event and each entry takes a millisecond.</summary>
sealed class LongRecord
{
    static readonly DateTimeOffset Began = DateTimeOffset.UnixEpoch.AddYears(56);

    readonly Dictionary<string, List<EventEvidence>> streams = new(StringComparer.Ordinal);
    readonly List<Entry> journal = [];
    readonly Dictionary<string, ObjectEvidence> objects = new(StringComparer.Ordinal);
    EarlierReading? earlier;
    long sequence, now;

    public DateTimeOffset At => Began.AddMilliseconds(now);

    public void Write(string stream, object body)
    {
        if (!streams.TryGetValue(stream, out var events)) streams[stream] = events = [];
        events.Add(new EventEvidence(++sequence, events.Count + 1, EventCatalog.Names[body.GetType()], body, DigestHeld: true, ++now));
    }

    public void Note(Func<long, long, Entry> entry) => journal.Add(entry(journal.Count, ++now));

    public void Lies(string key, ContentHash root, CheckpointId id, int rank, ContentHash? baseRoot, ContentHash state) =>
        objects[key] = new ObjectEvidence("disk", key, 100, root, id, rank, baseRoot, state, Damage: null);

    public void Goes(string key) => objects.Remove(key);

    /// <summary>Somebody reads all that is on record.</summary>
    public void Read() => earlier = new EarlierReading(
        now, [.. streams.Select(static one => new StreamEvidence(one.Key, [.. one.Value]))]);

    public Evidence Gather(long saves, IReadOnlyList<Entry.Trained> golden) => new(
        new Schedule(
            Schedule.CurrentVersion, Seed: 1, "weeks", new ScheduledWorld(2, 1, 1, 1),
            [new Operation(0, OperationKind.Save, saves)], [], new ScheduleBounds(60_000, 3, 1, 4), BeyondBudget: false),
        journal, [.. streams.Select(static one => new StreamEvidence(one.Key, one.Value))], [.. objects.Values], [],
        new RestEvidence(0, [], [], 100), RaceMs: 0, golden, IsStoreRead: true, Earlier: earlier is null ? null : [earlier]);

    /// <summary>The newest event that was read in the middle has been taken for another of the same kind and place.</summary>
    public Evidence Changed(Evidence evidence)
    {
        var was = earlier!.Streams[^1];
        var last = was.Events[^1];
        var other = (CheckpointVerified)last.Body with { At = At };
        return evidence with
        {
            Streams =
            [
                .. evidence.Streams.Select(stream => stream.Key == was.Key
                    ? stream with { Events = [.. stream.Events.Select(e => e.Sequence == last.Sequence ? e with { Body = other } : e)] }
                    : stream),
            ],
        };
    }
}
