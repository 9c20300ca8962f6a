using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Questions;
using Lineage.Restores;
using Lineage.Retention;
using Lineage.Runs;
using Lineage.Upcasting;
using Npgsql;
using NpgsqlTypes;

namespace Lineage.Store;

/// <summary>Rebuilds what could be known of a run at a time, by the same folds that made the rows. Costs a read of the run's
/// streams.</summary>
public sealed class PastReader(NpgsqlDataSource database, Queries queries)
{
    const string Events = $"""
        select e.stream_id, e.version, e.type, e.timestamp, e.headers ->> 'actor', e.data::text from {MartenSetup.Schema}.mt_events e
        where (e.stream_id = $1 or e.stream_id like $2 or e.stream_id like $3) and e.timestamp <= $4 order by e.stream_id, e.version
        """;

    /// <returns>Null if there was no such run at that time.</returns>
    public async Task<PastRun?> ReadAsync(RunId run, DateTimeOffset at, CancellationToken ct)
    {
        Run? folded = null;
        var version = 0L;
        Dictionary<CheckpointId, Checkpoint> checkpoints = [];
        List<PastRecovery> recoveries = [];
        List<PastExport> exports = [];
        await foreach (var stream in StreamsAsync(run, at, ct))
        {
            switch (stream.Events[0].Body)
            {
                case RunRegistered or RunForked:
                    (folded, version) = (stream.Fold<Run>(Run.Fold), stream.Events.Count);
                    break;
                case CheckpointOpened opened:
                    checkpoints[opened.Checkpoint] = stream.Fold<Checkpoint>(Checkpoint.Fold);
                    exports.AddRange(stream.Events.Where(static e => e.Body is CheckpointExported)
                        .Select(static e => new PastExport((CheckpointExported)e.Body, e.Version, e.By, e.At)));
                    break;
                case RecoveryStarted:
                    recoveries.Add(new PastRecovery(
                        stream.Fold<Recovery>(Recovery.Fold),
                        stream.Events.Select(static e => (e.Body as RestorePointChosen)?.Chosen).OfType<CheckpointId>().ToHashSet(),
                        stream.Events[0].By, stream.Events[0].At));
                    break;
            }
        }

        return folded is null ? null : new PastRun(at, folded, version, checkpoints, recoveries, exports);
    }

    /// <summary>Runs that had gone on from one by then, and from those.</summary>
    public async Task<IReadOnlyList<PastRun>> ForksAsync(RunId run, DateTimeOffset at, CancellationToken ct)
    {
        List<PastRun> found = [];
        HashSet<RunId> known = [run];
        for (var open = new Queue<RunId>([run]); open.TryDequeue(out var of);)
            foreach (var fork in await queries.ForksAsync(of, ct))
                if (known.Add(fork) && await ReadAsync(fork, at, ct) is { } was)
                {
                    found.Add(was);
                    open.Enqueue(fork);
                }

        return found;
    }

    /// <summary>What held a checkpoint then, by the policy of then; null if there was no such checkpoint.</summary>
    public async Task<Holders?> HoldersAsync(CheckpointId id, DateTimeOffset at, CancellationToken ct)
    {
        if (await ReadAsync(id.Run, at, ct) is not { } was || !was.Checkpoints.TryGetValue(id, out var checkpoint)) return null;
        var picture = was.Picture();
        var history = History.ForRestoring(
            new Generation(was.Run.Generation.Value + 1), picture.Candidates, picture.Turns,
            new Course(was.Run.Rewound ?? [], await AncestryAsync(was.Run.Origin, at, RunHistories.AncestorsMax, ct)));
        var standing = PastAnswers.Standing(was, await ForksAsync(id.Run, at, ct), history);
        var plan = RetentionPlanner.Plan(standing, was.Run.Retention, at);
        return RetentionViews.Holders(
            checkpoint, plan.Entries.FirstOrDefault(entry => entry.Checkpoint == id), PastAnswers.NeedsOf(was, standing, id), at);
    }

    /// <summary>The runs that one descends from, as they were.</summary>
    public async Task<Ancestry?> AncestryAsync(CheckpointId? origin, DateTimeOffset at, int further, CancellationToken ct)
    {
        if (origin is not { } from || further == 0 || await ReadAsync(from.Run, at, ct) is not { } run) return null;
        var picture = run.Picture();
        return new Ancestry(
            from, [.. picture.Candidates], picture.Turns, await AncestryAsync(picture.Run.Origin, at, further - 1, ct));
    }

    sealed record Event(long Version, DateTimeOffset At, string? Actor, object Body)
    {
        public ActorId By => ActorId.Parse(Actor ?? "unknown");
    }

    sealed record Stream(string Key, List<Event> Events)
    {
        public T Fold<T>(Func<T?, object, T?> fold) where T : class => Events.Aggregate((T?)null, (state, e) => fold(state, e.Body))!;
    }

    async IAsyncEnumerable<Stream> StreamsAsync(
        RunId run, DateTimeOffset at, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await using var rows = await RowReader.OpenAsync(database, [new(
            Events, new NpgsqlParameter { Value = run.StreamKey }, new NpgsqlParameter { Value = EventLog.Prefix("checkpoint", run) },
            new NpgsqlParameter { Value = EventLog.Prefix("recovery", run) },
            new NpgsqlParameter { Value = at.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz })], ct);
        Stream? open = null;
        while (await rows.ReadAsync(ct))
        {
            var key = rows.Text(0);
            if (open is not null && !string.Equals(open.Key, key, StringComparison.Ordinal))
            {
                yield return open;
                open = null;
            }

            open ??= new Stream(key, []);
            open.Events.Add(new Event(
                rows.Number(1), rows.Moment(3), rows.TextOrNull(4), EventReader.Today.Read(rows.Text(2), rows.Text(5))));
        }

        if (open is not null) yield return open;
    }
}
