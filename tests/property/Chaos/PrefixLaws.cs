using FsCheck.Xunit;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Simulation;
using Lineage.Contracts.Events;
using Evidence = Lineage.ChaosHarness.Checkers.Evidence;

namespace Lineage.Tests.Property.Chaos;

/// <summary>S10: what was read once stays. Honest histories keep it whatever was done to them, and no change of the past is
/// overlooked.</summary>
public sealed class PrefixLaws
{
    static InvariantVerdict S10(Evidence evidence) => Judge.Examine(evidence).Invariants.Single(static one => one.Id is "S10");

    /// <summary>Any place of any honest history is a moment at which somebody may have read.</summary>
    [Property(MaxTest = 40)]
    public void What_was_read_at_any_moment_of_an_honest_history_is_still_there(ushort seed, ushort moment)
    {
        var evidence = Simulator.Run(Swarm.Draw(seed, profile: null)).Evidence;
        var verdict = S10(evidence with { Earlier = [Reading(evidence, moment)] });
        Assert.Equal((Judgement.Valid, 0), (verdict.Judgement, verdict.Violations.Count));
        Assert.Single(evidence.Earlier!);   // the simulator reads by itself, when it heals
    }

    public enum Tampering { Altered, Renamed, OtherId, Moved, Truncated, Gone, Inserted }

    /// <summary>The streams as they are now are whole in themselves: only the reading from before shows it.</summary>
    [Property(MaxTest = 60)]
    public void Any_change_of_what_was_read_is_found(ushort seed, ushort moment, ushort pick, Tampering how)
    {
        var evidence = Simulator.Run(Swarm.Draw(seed, "calm")).Evidence;
        var before = Reading(evidence, moment);
        var place = before.Streams[pick % before.Streams.Count];
        var at = pick / 7 % place.Events.Count;
        var changed = evidence.Streams.Select(stream => stream.Key == place.Key ? Change(stream, at, how) : stream)
            .OfType<StreamEvidence>().ToList();
        var verdict = S10(evidence with { Streams = changed, Earlier = [before] });
        Assert.Equal(Judgement.Violated, verdict.Judgement);
        Assert.Contains(verdict.Violations, violation => violation.Stream == place.Key);
    }

    static StreamEvidence? Change(StreamEvidence stream, int at, Tampering how)
    {
        var events = stream.Events.ToList();
        switch (how)
        {
            case Tampering.Altered: events[at] = events[at] with { Bytes = Made.Hash("other"), Id = "a" }; break;
            case Tampering.Renamed: events[at] = events[at] with { Body = Other, Name = EventCatalog.Names[Other.GetType()] }; break;
            case Tampering.OtherId: events[at] = events[at] with { Id = "b" }; break;
            case Tampering.Moved: events[at] = events[at] with { Sequence = events[at].Sequence - 1 }; break;
            case Tampering.Truncated: events.RemoveRange(at, events.Count - at); break;
            case Tampering.Gone: return null;
            default:
                events.Insert(at, events[at] with { Id = "c" });
                for (var i = at; i < events.Count; i++) events[i] = events[i] with { Version = i + 1 };
                break;
        }

        return stream with { Events = events };
    }

    static RunArchived Other { get; } = new(Made.Bloom, "somebody else wrote this", default);

    /// <summary>All that is before a place of the store, with ids and bytes as a database gives them.</summary>
    static EarlierReading Reading(Evidence evidence, ushort moment)
    {
        var all = evidence.Streams.SelectMany(static stream => stream.Events).Select(static e => e.Sequence).Order().ToList();
        var last = all[moment % all.Count];
        return new EarlierReading(moment,
        [
            .. evidence.Streams
                .Select(stream => new StreamEvidence(stream.Key, [.. stream.Events.Where(e => e.Sequence <= last).Select(Read)]))
                .Where(static stream => stream.Events.Count > 0),
        ]);
    }

    static EventEvidence Read(EventEvidence e) => e with { Id = "a", Bytes = Made.Hash($"bytes of {e.Name}") };
}
