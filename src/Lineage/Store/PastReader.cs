using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Questions;
using Lineage.References;
using Lineage.Restores;
using Lineage.Runs;
using Lineage.Upcasting;
using Npgsql;
using NpgsqlTypes;

namespace Lineage.Store;

/// <summary>A run folded from its events up to a time.</summary>
public sealed record PastRun(
    Run Run, IReadOnlyDictionary<CheckpointId, Checkpoint> Checkpoints, IReadOnlyList<Recovery> Recoveries)
{
    public RunPicture Picture() => new(
        RunOutline.Of(Run), [.. Checkpoints.Values.Select(CheckpointOutline.Of)], [.. Recoveries.Select(RecoveryViews.Turn)],
        [.. Recoveries.SelectMany(RestoreRate.Of)]);

    /// <summary>Tags and metrics, for references that name them.</summary>
    public NamedPoints Names() => NamedPoints.None with
    {
        Tags = Run.Tags ?? NamedPoints.None.Tags,
        Metrics = Checkpoints.Values.Where(static c => c.Marks is { Metrics.Count: > 0 })
            .ToDictionary(static c => c.Id, static c => (IReadOnlyDictionary<string, double?>)c.Marks!.Metrics),
    };
}

/// <summary>Rebuilds what could be known of a run at a time, by the same folds that made the rows. Costs a read of the run's
/// streams.</summary>
public sealed class PastReader(NpgsqlDataSource database)
{
    const string Events = $"""
        select e.stream_id, e.type, e.data::text from {MartenSetup.Schema}.mt_events e
        where (e.stream_id = $1 or e.stream_id like $2 or e.stream_id like $3) and e.timestamp <= $4 order by e.stream_id, e.version
        """;

    /// <returns>Null if there was no such run at that time.</returns>
    public async Task<PastRun?> ReadAsync(RunId run, DateTimeOffset at, CancellationToken ct)
    {
        Run? folded = null;
        Dictionary<CheckpointId, Checkpoint> checkpoints = [];
        List<Recovery> recoveries = [];
        await foreach (var stream in StreamsAsync(run, at, ct))
        {
            switch (stream.Events[0])
            {
                case RunRegistered or RunForked:
                    folded = stream.Fold<Run>(Run.Fold);
                    break;
                case CheckpointOpened opened:
                    checkpoints[opened.Checkpoint] = stream.Fold<Checkpoint>(Checkpoint.Fold);
                    break;
                case RecoveryStarted:
                    recoveries.Add(stream.Fold<Recovery>(Recovery.Fold));
                    break;
            }
        }

        return folded is null ? null : new PastRun(folded, checkpoints, recoveries);
    }

    /// <summary>The runs that one descends from, as they were.</summary>
    public async Task<Ancestry?> AncestryAsync(CheckpointId? origin, DateTimeOffset at, int further, CancellationToken ct)
    {
        if (origin is not { } from || further == 0 || await ReadAsync(from.Run, at, ct) is not { } run) return null;
        var picture = run.Picture();
        return new Ancestry(
            from, [.. picture.Candidates], picture.Turns, await AncestryAsync(picture.Run.Origin, at, further - 1, ct));
    }

    sealed record Stream(string Key, List<object> Events)
    {
        public T Fold<T>(Func<T?, object, T?> fold) where T : class => Events.Aggregate((T?)null, fold)!;
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
            open.Events.Add(EventReader.Today.Read(rows.Text(1), rows.Text(2)));
        }

        if (open is not null) yield return open;
    }
}
