namespace Lineage.Tests.Chaos.Calibration;

/// <summary>What the one who asked for a commit was told. No answer says nothing about the effect.</summary>
enum CommitAnswer { Committed, Conflict, None }

/// <summary>One transaction: the streams that it appends one event to each, and the versions that it read them at.</summary>
sealed record CommitAttempt(string Id, IReadOnlyList<(string Stream, long Read)> Appends, CommitAnswer Answer);

/// <summary>An event as the store holds it.</summary>
sealed record HeldEvent(long Version, string Attempt);

/// <summary>What any store of events has to hold to, real or modelled.</summary>
static class StoreLaws
{
    public static IEnumerable<string> Violations(
        IReadOnlyList<CommitAttempt> attempts, IReadOnlyDictionary<string, IReadOnlyList<HeldEvent>> streams)
    {
        foreach (var (stream, held) in streams)
            if (!held.Select(static e => e.Version).SequenceEqual(Enumerable.Range(1, held.Count).Select(static v => (long)v)))
                yield return $"{stream}: versions {string.Join(' ', held.Select(static e => e.Version))}";
        foreach (var attempt in attempts)
        {
            var places = attempt.Appends.Select(append => streams[append.Stream].Where(e => e.Attempt == attempt.Id).ToList()).ToList();
            if (places.Exists(static found => found.Count > 1)) yield return $"{attempt.Id} took effect twice";
            if (places.Exists(static found => found.Count == 0) && places.Exists(static found => found.Count > 0))
                yield return $"{attempt.Id} took effect in part";
            foreach (var (append, found) in attempt.Appends.Zip(places))
                if (found is [var e] && e.Version != append.Read + 1)
                    yield return $"{attempt.Id} read {append.Stream} at {append.Read} and is its event {e.Version}";
        }
    }

    /// <summary>The answer, and whether it took effect.</summary>
    public static IReadOnlySet<(CommitAnswer, bool)> Kinds(
        IEnumerable<CommitAttempt> attempts, IReadOnlyDictionary<string, IReadOnlyList<HeldEvent>> streams) =>
        attempts.Select(attempt => (attempt.Answer, streams[attempt.Appends[0].Stream].Any(e => e.Attempt == attempt.Id))).ToHashSet();
}
