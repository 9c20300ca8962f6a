using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.Checkpoints;
using Lineage.Restores;
using Lineage.Runs;
using Lineage.Store;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>
/// Follows the whole store by sequence number, as a live tail of the log does, and folds what comes into rows of its own. How far it may
/// go is production's <see cref="TailHorizon"/>; when it looks again is production's pace.
/// </summary>
sealed class FollowerProcess(World world)
{
    const double PauseMs = 100, PauseMsMax = 1_000;
    const int PageSize = 200;

    readonly TailHorizon horizon = new();
    readonly Dictionary<string, (object? State, long Version)> rows = new(StringComparer.Ordinal);
    long cursor;

    public bool IsCaughtUp => cursor >= world.Store.NewestVisible;

    public IEnumerator<Wait> Work()
    {
        for (var pause = PauseMs; ;)
        {
            yield return Wait.For((long)pause);
            pause = Look() ? PauseMs : Math.Min(pause * 1.5, PauseMsMax);
        }
    }

    /// <returns>Whether there was anything new.</returns>
    bool Look()
    {
        var before = cursor;
        var reach = horizon.Reach(world.Store.LastSequence, world.Store.OldestTransaction, world.Store.NextTransaction);
        foreach (var line in world.Store.LogAfter(cursor).TakeWhile(line => line.Sequence <= reach).Take(PageSize).ToList())
        {
            Fold(line);
            cursor = line.Sequence;
        }

        return cursor > before;
    }

    /// <summary>A row that lacks an event may be impossible to go on from: then it stays as it is, which the judge sees.</summary>
    void Fold(LogLine line)
    {
        var (state, version) = rows.GetValueOrDefault(line.Stream);
        try
        {
            rows[line.Stream] = (Folded.By(line.Stream, state, line.Event), version + 1);
        }
        catch (InvalidOperationException impossible)
        {
            world.Note((i, at) => new Entry.Noted(i, at, "tail", $"{line.Stream} cannot go on", impossible.Message));
        }
    }

    /// <summary>The rows that are written with their events, and those of the tail, each beside the judge's own replay.</summary>
    public IReadOnlyList<RowEvidence> Compare(IReadOnlyList<StreamEvidence> streams)
    {
        List<RowEvidence> compared = new(streams.Count * 2);
        foreach (var stream in streams)
        {
            var replayed = RowReplay.DigestOf(stream);
            var inline = world.Store.Find(stream.Key)!;
            var (state, version) = rows.GetValueOrDefault(stream.Key);
            compared.Add(new RowEvidence(stream.Key, Digest(inline.State, inline.Version), replayed));
            compared.Add(new RowEvidence($"{stream.Key} (tail)", Digest(state, version), replayed));
        }

        return compared;
    }

    static Contracts.Identity.ContentHash Digest(object? state, long version) => state is Checkpoint checkpoint
        ? RowReplay.DigestOf(version, CheckpointRows.PhaseText(checkpoint.Phase), checkpoint.Sealed?.ManifestHash)
        : RowReplay.DigestOf(version, phase: null, manifest: null);
}

/// <summary>Production's folds, by the kind of stream.</summary>
static class Folded
{
    public static object? By(string stream, object? state, object body) => stream[0] switch
    {
        'c' => Checkpoint.Fold((Checkpoint?)state, body),
        'r' when stream.StartsWith("run/", StringComparison.Ordinal) => Run.Fold((Run?)state, body),
        _ => Recovery.Fold((Recovery?)state, body),
    };
}
