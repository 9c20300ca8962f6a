using Lineage.Contracts.Format;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>S10: what was read once stays as it was. Every stream of an earlier reading is a prefix of the same stream now.</summary>
/// <remarks>A reader sees only what is committed, and a commit is for ever, so no honest history can fail this: not by a crash, a power
/// loss or a server of another version.</remarks>
static class PrefixChecks
{
    public static void Examine(Evidence evidence, Docket s10)
    {
        if (evidence.Earlier is not { Count: > 0 } earlier) return;
        var now = evidence.Streams.ToDictionary(static stream => stream.Key, StringComparer.Ordinal);
        foreach (var reading in earlier)
            foreach (var before in reading.Streams) Stays(before, now.GetValueOrDefault(before.Key), reading.AtMs, s10);
    }

    static void Stays(StreamEvidence before, StreamEvidence? after, long atMs, Docket s10)
    {
        s10.Look(before.Events.Count);
        for (var i = 0; i < before.Events.Count; i++)
        {
            var was = before.Events[i];
            var said = $"At {atMs} ms version {was.Version} of {before.Key} was read ({was.Name}).";
            if (after is null || after.Events.Count <= i)
            {
                var gone = after is null ? "there is no such stream" : "the stream ends before it";
                s10.Violate($"{said} Expected it there for ever; observed: {gone}.", before.Key, was.Version);
                return;
            }

            if (Difference(was, after.Events[i]) is not { } difference) continue;
            s10.Violate($"{said} Expected the same event ever after; observed: {difference}.", before.Key, was.Version);
            return;   // what follows it differs because this does
        }
    }

    static string? Difference(EventEvidence was, EventEvidence now) =>
        was.Version != now.Version ? $"version {now.Version} in its place"
        : was.Sequence != now.Sequence ? $"sequence {now.Sequence}, it was {was.Sequence}"
        : !string.Equals(was.Name, now.Name, StringComparison.Ordinal) ? $"it is called {now.Name}"
        : was.Id is { } id && now.Id is { } other && !string.Equals(id, other, StringComparison.Ordinal) ? $"its id is {other}, it was {id}"
        : Differs(was, now) ? "its body has other bytes"
        : null;

    static bool Differs(EventEvidence was, EventEvidence now) => was.Bytes is { } read && now.Bytes is { } found
        ? read != found
        : !ReferenceEquals(was.Body, now.Body) && CanonicalJson.Digest(was.Body) != CanonicalJson.Digest(now.Body);
}
