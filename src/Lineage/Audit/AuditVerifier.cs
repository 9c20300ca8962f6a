using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Audit;

/// <summary>
/// Recomputes the digest and the link of every event, stream by stream, and names per stream the first place that does not hold. Pure, and
/// bounded in memory: of a stream it keeps a few links, and of damage the first <see cref="FindingsMax"/> findings.
/// </summary>
/// <remarks>It shows tampering by whoever cannot also replace what it compares with: the row's head, the table of streams, and heads that
/// were written elsewhere before (docs/AUDIT.md).</remarks>
public sealed class AuditVerifier
{
    /// <summary>More are counted, not kept.</summary>
    public const int FindingsMax = 1_000;

    /// <summary>Breaks of so many streams are compared with each other, to see whether an event moved between them.</summary>
    const int ComparedMax = 256;

    readonly List<(Break Break, long Further)> breaks = [];
    StreamCheck? current;

    public long Streams { get; private set; }

    public long Events { get; private set; }

    public long Unlinked { get; private set; }

    public long UnlinkedStreams { get; private set; }

    public long Damaged { get; private set; }

    /// <summary>The next stream begins; the one before has no further event.</summary>
    public void Begin(RecordedStream stream)
    {
        End();
        Streams++;
        current = new StreamCheck(stream);
    }

    /// <summary>The next event of the stream, by version.</summary>
    public void Add(RecordedEvent e)
    {
        Events++;
        (current ?? throw new InvalidOperationException("No stream was begun.")).Add(e);
    }

    /// <summary>Ends the last stream and says what was found, in the order of the streams.</summary>
    public IReadOnlyList<AuditFinding> Complete()
    {
        End();
        for (var i = 0; i < Math.Min(breaks.Count, ComparedMax); i++) breaks[i] = (Moved(breaks[i].Break), breaks[i].Further);
        return [.. breaks.Select(static found => Finding(found.Break, found.Further))];
    }

    public AuditSummary Summary(DateTimeOffset at, RunId? run, double seconds) =>
        new(at, run, Streams, Events, Unlinked, UnlinkedStreams, Damaged, seconds);

    void End()
    {
        if (current is null) return;
        var found = current.End();
        Unlinked += current.Unlinked;
        if (current.Unlinked > 0) UnlinkedStreams++;
        if (found is not null)
        {
            Damaged++;
            if (breaks.Count < FindingsMax) breaks.Add((found, current.Further));
        }

        current = null;
    }

    /// <summary>An event of another stream that belongs here, or this one that belongs there.</summary>
    Break Moved(Break at)
    {
        foreach (var (other, _) in breaks.Take(ComparedMax))
        {
            if (string.Equals(other.Stream, at.Stream, StringComparison.Ordinal)) continue;
            if (other.Event is { } there && StreamCheck.Belongs(at, there))
                return Moved(at, $"the event that was appended here stands in {there.Stream} at {there.Version}");
            if (!at.IsCertain && at.Event is { } here && StreamCheck.Belongs(other, here))
                return Moved(at, $"this event was appended to {other.Stream} as {other.Version}");
        }

        return at;
    }

    static Break Moved(Break at, string detail) => at with { Damage = AuditDamage.Moved, Detail = detail };

    static AuditFinding Finding(Break at, long further) => new(
        at.Stream, at.Version, at.Damage, at.Detail, at.Event?.Sequence, at.Event?.Name, at.Event?.At, at.Event?.Actor, further);
}
