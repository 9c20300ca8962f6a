using System.Buffers.Binary;
using Lineage.Agents.Capture;
using Lineage.Agents.Training;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Witnesses;

/// <summary>Who is watched.</summary>
public sealed record WatchedRank(RunId Run, Generation Generation, Rank Rank, WorldSize WorldSize);

/// <summary>
/// Stands between a trainer and its saving library and writes down, by the judge's own digest, what the rank held after every step, at
/// every capture and after every restore. The saver is not asked what it took.
/// </summary>
public sealed class WitnessHooks(IRankHooks inner, WatchedRank watched, JournalWriter journal) : IRankHooks
{
    long consumed;

    public async Task<RestoreOutcome> RestoreAsync(IRankState state, CheckpointId restorePoint, CancellationToken ct)
    {
        var outcome = await inner.RestoreAsync(state, restorePoint, ct);
        Holds(state, restorePoint);
        var stream = new RecoveryId(watched.Run, watched.Generation).StreamKey;
        // It returns once the service has said that this is on record.
        journal.Write(new Entry.Acknowledged(
            0, 0, journal.Process, stream, EventCatalog.Names[typeof(RankRestored)], watched.Rank.Value));
        return outcome;
    }

    public async Task StartedFromInitialStateAsync(IRankState state, CancellationToken ct)
    {
        await inner.StartedFromInitialStateAsync(state, ct);
        Holds(state, checkpoint: null);
    }

    public void Stepped(Step step, string name, double? value) => inner.Stepped(step, name, value);

    public void Trained(IRankState state, Step step)
    {
        inner.Trained(state, step);
        var before = consumed;
        consumed = ConsumedBy(state);
        var world = watched.WorldSize.Value;
        journal.Write(new Entry.Trained(
            0, 0, journal.Process, watched.Run, watched.Generation.Value, step.Value, watched.Rank.Value, DigestOf(state),
            before * world, consumed * world));
    }

    public void Measured(Step step, IReadOnlyDictionary<string, double?> metrics) => inner.Measured(step, metrics);

    public ValueTask SaveAsync(IRankState state, Step step, bool final, CancellationToken ct)
    {
        journal.Write(new Entry.Captured(
            0, 0, journal.Process, new CheckpointId(watched.Run, watched.Generation, step), watched.Rank.Value, DigestOf(state)));
        return inner.SaveAsync(state, step, final, ct);
    }

    public Task DrainAsync(CancellationToken ct) => inner.DrainAsync(ct);

    public async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        journal.Dispose();
    }

    void Holds(IRankState state, CheckpointId? checkpoint)
    {
        consumed = ConsumedBy(state);
        journal.Write(new Entry.Restored(
            0, 0, journal.Process, new RecoveryId(watched.Run, watched.Generation).StreamKey, checkpoint, watched.Rank.Value,
            DigestOf(state)));
    }

    static ContentHash DigestOf(IRankState state) => PlainState.Digest(state.Layout, state.Read);

    /// <summary>Samples that this rank has drawn: the first word of its data cursor; 0 where a state has none.</summary>
    static long ConsumedBy(IRankState state)
    {
        Span<byte> word = stackalloc byte[sizeof(long)];
        for (var tensor = 0; tensor < state.Layout.Count; tensor++)
        {
            if (state.Layout[tensor].Role != TensorRole.DataCursor) continue;
            state.Read(tensor, 0, word);
            return BinaryPrimitives.ReadInt64LittleEndian(word);
        }

        return 0;
    }
}
