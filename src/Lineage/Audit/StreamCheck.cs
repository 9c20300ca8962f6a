using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using static Lineage.Narration.Quantities;

namespace Lineage.Audit;

/// <summary>The first place of a stream that does not hold.</summary>
/// <param name="Previous">Link of the last event before it that holds: what the right event would have been linked to.</param>
/// <param name="Event">What stands there; null when nothing does.</param>
/// <param name="IsCertain">Nothing else could have led to it, so nothing that is learnt later changes it.</param>
sealed record Break(
    string Stream, long Version, ContentHash? Previous, RecordedEvent? Event, string Damage, string Detail, bool IsCertain);

/// <summary>
/// Checks the events of one stream as they come, in the order of their versions, and keeps the first place that does not hold. What comes
/// after it tells what it most likely was: an event that belongs there shows a swap or an insertion, and the row tells how long the stream
/// was.
/// </summary>
sealed class StreamCheck(RecordedStream record)
{
    const int FieldsMax = 64;

    RecordedEvent? last, firstUnlinked, beyondRow, beyondStream;
    ContentHash? previous, beforePrevious, atRow;
    long expected = 1;
    Break? first;

    public long Events { get; private set; }

    public long Unlinked { get; private set; }

    /// <summary>Places after the first one that do not hold either.</summary>
    public long Further { get; private set; }

    public void Add(RecordedEvent e)
    {
        Events++;
        if (first is null)
        {
            first = Judge(e);
        }
        else
        {
            first = Reconsider(first, e);
            if (Judge(e) is not null) Further++;
        }

        if (e.Link is null && previous is null) (firstUnlinked, Unlinked) = (firstUnlinked ?? e, Unlinked + 1);
        (beforePrevious, previous) = (previous, Parse(e.Link));
        (last, expected) = (e, e.Version + 1);
        if (e.Version == record.RowVersion) atRow = previous;
        if (e.Version == record.RowVersion + 1) beyondRow = e;
        if (e.Version == record.StreamVersion + 1) beyondStream = e;
    }

    /// <summary>What the row and the table of streams say of the end, once all events were seen.</summary>
    public Break? End()
    {
        if (first is null) return Row() ?? StreamTable();
        return first.IsCertain ? first : first with { Damage = Count(first), IsCertain = false };
    }

    /// <summary>Whether an event that stands somewhere else is the one that was appended at a break of this stream.</summary>
    public static bool Belongs(Break at, RecordedEvent e) => Fits(e with { Stream = at.Stream, Version = at.Version }, at.Previous);

    Break? Judge(RecordedEvent e)
    {
        if (e.Version < expected)
            return At(e, AuditDamage.Inserted, $"version {e.Version} is not part of a stream; versions begin at 1", certain: true);
        if (e.Version > expected)
            return new Break(record.Stream, expected, previous, null, AuditDamage.Removed,
                $"{Plural(e.Version - expected, "event")} missing: {e.Version} follows {expected - 1}", IsCertain: true);
        if (e.Link is null && previous is null) return BodyOf(e, unlinked: true);
        if (e.Link is null) return At(e, AuditDamage.MetadataChanged, "its link is gone, but the event before it has one", certain: true);
        if (previous is null && firstUnlinked is { } start && !Fits(e, null)) return LinksStripped(e, start);
        return BodyOf(e, unlinked: false) ?? LinkOf(e) ?? Outside(e);
    }

    static Break LinksStripped(RecordedEvent e, RecordedEvent start) => new(
        e.Stream, start.Version, null, start, AuditDamage.MetadataChanged,
        $"events {start.Version}-{e.Version - 1} have no link, but {e.Version} was linked to one before it", IsCertain: true);

    Break? BodyOf(RecordedEvent e, bool unlinked)
    {
        if (e.Digest is null && unlinked) return null;
        if (Parse(e.Digest) is not { } digest)
            return At(e, AuditDamage.MetadataChanged, "its digest is gone or no digest", certain: true);
        return e.BodyDigest == digest ? null : At(
            e, AuditDamage.BodyAltered,
            $"its body has digest {e.BodyDigest?.Short ?? "none"}…, at append it had {digest.Short}…", certain: true);
    }

    Break? LinkOf(RecordedEvent e)
    {
        if (Fits(e, previous)) return null;
        if (last is not null && string.Equals(e.Link, last.Link, StringComparison.Ordinal))
            return At(e, AuditDamage.Inserted, $"it has the link of event {last.Version}: a copy", certain: true);
        if (last is not null && Fits(e with { Version = e.Version - 1 }, beforePrevious))
            return new Break(record.Stream, last.Version, beforePrevious, last, AuditDamage.Inserted,
                $"event {e.Version} was appended as {last.Version}, right after {last.Version - 1}", IsCertain: true);
        foreach (var (field, guess) in Guesses(e))
            if (Fits(guess, previous)) return At(e, AuditDamage.MetadataChanged, $"its {field} was changed", certain: true);
        return At(e, AuditDamage.MetadataChanged,
            $"its link does not follow from event {e.Version - 1} and what is said of it: its metadata, or its body with its digest, was "
            + $"changed, or event {e.Version - 1} was replaced together with its link", certain: false);
    }

    /// <summary>What the chain does not bind but repeats or follows from what it binds.</summary>
    Break? Outside(RecordedEvent e)
    {
        if (!string.Equals(e.UserName, e.Actor, StringComparison.Ordinal))
            return At(e, AuditDamage.MetadataChanged, $"its user name is {Text(e.UserName)}, its actor {Text(e.Actor)}", certain: true);
        if (last is not null && e.Sequence <= last.Sequence)
            return At(e, AuditDamage.MetadataChanged,
                $"its sequence {e.Sequence} is not above {last.Sequence} of the event before it", certain: true);
        return e.Archived ? At(e, AuditDamage.MetadataChanged, "it is marked as archived, so readers pass it by", certain: true) : null;
    }

    IEnumerable<(string Field, RecordedEvent Guess)> Guesses(RecordedEvent e)
    {
        yield return ("actor", e with { Actor = e.UserName });
        if (e.BodyAt is { } at) yield return ("timestamp", e with { At = at });
        foreach (var near in last is null ? [null] : new[] { null, last })
        {
            yield return ("correlation", e with { Correlation = near?.Correlation });
            yield return ("causation", e with { Causation = near?.Causation });
            yield return ("command", e with { Command = near?.Command });
            if (near is not null) yield return ("actor", e with { Actor = near.Actor });
        }
    }

    /// <summary>A later event of the same stream that belongs at the break: the two were swapped, or something was put in before
    /// it.</summary>
    Break Reconsider(Break known, RecordedEvent e)
    {
        var isOpen = !known.IsCertain || known is { Damage: AuditDamage.Removed, Event: null };
        if (!isOpen || !Belongs(known, e)) return known;
        var back = known.Event is { } there ? there with { Version = e.Version } : null;
        var swapped = back is null || Fits(back, previous) || Fits(back, Parse(e.Link));
        return swapped || e.Version > known.Version + 1
            ? Explained(known, AuditDamage.Reordered, $"the event that was appended here stands at {e.Version}")
            : Explained(known, AuditDamage.Inserted, $"event {e.Version} was appended here");
    }

    static Break Explained(Break at, string damage, string detail) => at with { Damage = damage, Detail = detail, IsCertain = true };

    /// <summary>Nothing later explained the break; how many events there should be may.</summary>
    string Count(Break at) => !record.HasRow || record.RowVersion == Events ? at.Damage
        : record.RowVersion > Events ? AuditDamage.Removed : AuditDamage.Inserted;

    Break? Row()
    {
        if (!record.WantsRow || Events == 0) return null;
        if (!record.HasRow)
            return Last(AuditDamage.RowMissing, "the stream has no row, so whether events are missing at its end is unknown");
        if (record.RowVersion > last!.Version)
            return new Break(record.Stream, last.Version + 1, previous, null, AuditDamage.Removed,
                $"{Plural(record.RowVersion - last.Version, "event")} missing at the end: the row has seen {record.RowVersion}", true);
        if (record.RowVersion < last.Version)
            return Beyond(beyondRow, record.RowVersion,
                atRow == Parse(record.RowHead) ? "which the row has not seen" : "and the row has another head");
        if (Parse(record.RowHead) == previous) return null;
        return record.RowHead is not null && previous is null
            ? new Break(record.Stream, 1, null, firstUnlinked, AuditDamage.MetadataChanged, "all links are gone, the row has one", true)
            : Last(AuditDamage.RowChanged, "the row's head is not the link of the last event: one of the two was replaced");
    }

    Break? StreamTable()
    {
        if (Events == 0)
            return record.StreamVersion is > 0 || record.HasRow
                ? new Break(record.Stream, 1, null, null, AuditDamage.StreamRemoved,
                    $"no event is left of {Number(Math.Max(record.StreamVersion ?? 0, record.RowVersion))}", IsCertain: true)
                : null;
        if (record.StreamVersion is not { } version)
            return Last(AuditDamage.StreamRemoved, "the stream is not in the table of streams, its events are");
        if (version > last!.Version)
            return new Break(record.Stream, last.Version + 1, previous, null, AuditDamage.Removed,
                $"{Plural(version - last.Version, "event")} missing at the end: the table of streams counts {version}", IsCertain: true);
        return version == last.Version ? null : Beyond(beyondStream, version, "which the table of streams does not count");
    }

    Break Beyond(RecordedEvent? e, long version, string why) => new(
        record.Stream, version + 1, null, e, AuditDamage.Inserted,
        $"{Plural(last!.Version - version, "event")} too many at the end, {why}", IsCertain: true);

    Break Last(string damage, string detail) => new(record.Stream, last!.Version, null, last, damage, detail, IsCertain: true);

    Break At(RecordedEvent e, string damage, string detail, bool certain) => new(e.Stream, e.Version, previous, e, damage, detail, certain);

    static bool Fits(RecordedEvent e, ContentHash? previous) => Parse(e.Link) is { } link && Parse(e.Digest) is { } digest
        && EventChain.Link(previous, new ChainedEvent(
            e.Stream, e.Version, e.Name, e.At, e.Actor, e.Correlation, e.Causation, e.Command, digest)) == link;

    static ContentHash? Parse(string? text)
    {
        if (text is null) return null;
        try
        {
            return ContentHash.Parse(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    static string Text(string? text) => text is null ? "missing" : $"\"{(text.Length > FieldsMax ? text[..FieldsMax] + "…" : text)}\"";
}
