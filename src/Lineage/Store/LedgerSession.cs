using Lineage.Checkpoints;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Restores;
using Lineage.Runs;
using Lineage.Telemetry;
using Marten;

namespace Lineage.Store;

/// <summary>How strongly the run's stream is held while something about the run is decided.</summary>
public enum RunHold
{
    /// <summary>The version is checked at commit.</summary>
    Optimistic,

    /// <summary>
    /// Nobody can append to the run's stream before this transaction ends: a checkpoint cannot be sealed under a generation while the next
    /// one is granted.
    /// Many hold it so at once.
    /// </summary>
    Shared,

    /// <summary>As shared, and we may append ourselves. One at a time.</summary>
    Exclusive,
}

/// <summary>
/// One attempt at one use case: streams loaded for writing, events appended to them, everything committed in one transaction or not at all.
/// </summary>
public sealed partial class LedgerSession
{
    readonly IDocumentSession session;
    readonly RunHold stronger;
    readonly Dictionary<string, OpenStream> streams = new(StringComparer.Ordinal);
    readonly HashSet<string> heldShared = new(StringComparer.Ordinal);
    readonly List<(string Stream, Fact Fact)> pending = [];

    internal LedgerSession(IDocumentSession session, DateTimeOffset now, RunHold stronger) =>
        (this.session, Now, this.stronger) = (session, now, stronger);

    /// <summary>One time for everything that this attempt decides.</summary>
    public DateTimeOffset Now { get; }

    /// <param name="Before">State of the stream as it was loaded; null if it has none yet.</param>
    sealed record OpenStream(object? Before, Action<IReadOnlyList<Fact>> Append, long Version);

    public async Task<Run?> RunAsync(RunId run, RunHold hold, CancellationToken ct)
    {
        var key = $"run/{run}";
        if (stronger > hold) hold = stronger;
        if (hold != RunHold.Optimistic)
        {
            await session.BeginTransactionAsync(ct);
            var strength = hold == RunHold.Exclusive ? "update" : "share";
            await session.AdvancedSql.QueryAsync<long>($"select version from {MartenSetup.Schema}.mt_streams where id = ? for {strength}",
                ct, key);
            if (hold == RunHold.Shared) heldShared.Add(key);
        }

        return (await OpenAsync<RunRow>(key, ct))?.State;
    }

    public async Task<Checkpoint?> CheckpointAsync(CheckpointId id, CancellationToken ct) =>
        (await OpenAsync<CheckpointRow>(id.StreamKey, ct))?.State;

    public async Task<Recovery?> RecoveryAsync(RecoveryId id, CancellationToken ct) =>
        (await OpenAsync<RecoveryRow>(id.StreamKey, ct))?.State;

    public Task<AccessRow?> AccessAsync(string stream, CancellationToken ct) => OpenAsync<AccessRow>(stream, ct);

    /// <summary>Until when the lease of a generation is valid; null if it has no row.</summary>
    public async Task<DateTimeOffset?> LeaseUntilAsync(RunId run, Generation generation, CancellationToken ct) =>
        (await session.LoadAsync<LeaseRow>(LeaseRow.Key(run, generation), ct))?.Until;

    /// <summary>Moves the end of a lease; a row, not an event.</summary>
    public void Renew(RunId run, Generation generation, DateTimeOffset until)
    {
        session.Store(new LeaseRow(LeaseRow.Key(run, generation), until));
        Dirty = true;
    }

    public bool Dirty { get; private set; }

    /// <summary>
    /// Notes what a decision wants appended: its own stream, other streams, or the record of a refusal on the run's stream.
    /// </summary>
    public void Apply(string stream, RunId run, Decision decision, CommandContext context)
    {
        switch (decision)
        {
            case Decision.Accepted accepted:
                foreach (var @event in accepted.Events) Append(stream, @event, context);
                foreach (var elsewhere in accepted.Elsewhere) Append(elsewhere.Stream, elsewhere.Event, context);
                break;
            case Decision.Refused refused:
                foreach (var @event in refused.Record) Append($"run/{run}", @event, context);
                break;
        }
    }

    public void Append(string stream, object @event, CommandContext context)
    {
        if (heldShared.Contains(stream)) throw new NeedsExclusiveRunException(stream);
        pending.Add((stream, new Fact(@event, context)));
        Dirty = true;
        if (@event is LeaseGranted granted) Renew(granted.Run, granted.Generation, granted.At.AddSeconds(granted.LeaseSeconds));
    }

    /// <summary>An attempt without anything to append does not touch any stream.</summary>
    internal async Task CommitAsync(CancellationToken ct)
    {
        if (!Dirty) return;
        foreach (var group in pending.GroupBy(static p => p.Stream, StringComparer.Ordinal))
        {
            if (!streams.ContainsKey(group.Key)) await OpenByKeyAsync(group.Key, ct);
            streams[group.Key].Append([.. group.Select(static p => p.Fact)]);
        }

        await session.SaveChangesAsync(ct);
        foreach (var (stream, fact) in pending) EventMeters.Committed(fact.Event, streams[stream].Before);
    }

    static object? StateOf(IStreamRow? row) => row switch
    {
        RunRow run => run.State,
        CheckpointRow checkpoint => checkpoint.State,
        RecoveryRow recovery => recovery.State,
        _ => null,
    };

    Task OpenByKeyAsync(string key, CancellationToken ct) => key.Split('/')[0] switch
    {
        "run" => OpenAsync<RunRow>(key, ct),
        "checkpoint" => OpenAsync<CheckpointRow>(key, ct),
        "recovery" => OpenAsync<RecoveryRow>(key, ct),
        "access" => OpenAsync<AccessRow>(key, ct),
        "key" => OpenAsync<KeyRow>(key, ct),
        _ => throw new ArgumentException($"\"{key}\" is no stream key.", nameof(key)),
    };

    async Task<TRow?> OpenAsync<TRow>(string key, CancellationToken ct) where TRow : class, IStreamRow
    {
        var stream = await session.Events.FetchForWriting<TRow>(key, ct);
        streams[key] = new OpenStream(StateOf(stream.Aggregate), facts => Append(stream, facts), stream.CurrentVersion ?? 0);
        return stream.Aggregate;
    }

    /// <summary>Each event is linked to the one before it, so the chain goes on from the row's head.</summary>
    void Append<TRow>(JasperFx.Events.IEventStream<TRow> stream, IReadOnlyList<Fact> facts) where TRow : class, IStreamRow
    {
        var (link, version) = (stream.Aggregate?.Head, stream.CurrentVersion ?? 0);
        foreach (var fact in facts)
        {
            stream.AppendOne(fact.Event);
            var stored = stream.Events[^1];
            stored.Timestamp = EventChain.Truncate(Now);
            stored.CorrelationId = fact.Context.Correlation;
            stored.CausationId = fact.Context.Causation;
            stored.UserName = fact.Context.Actor.ToString();
            stored.SetHeader(MartenSetup.ActorHeader, fact.Context.Actor.ToString());
            var digest = CanonicalJson.Digest(fact.Event);
            stored.SetHeader(MartenSetup.DigestHeader, digest.ToString());
            if (fact.Context.Command is { } command) stored.SetHeader(MartenSetup.CommandHeader, command);
            link = EventChain.Link(link, new ChainedEvent(
                stream.Key!, ++version, EventCatalog.Names[fact.Event.GetType()], stored.Timestamp, fact.Context.Actor.ToString(),
                stored.CorrelationId, stored.CausationId, fact.Context.Command, digest));
            stored.SetHeader(MartenSetup.LinkHeader, link.Value.ToString());
        }
    }
}

/// <summary>
/// An attempt that holds the run shared turned out to append to it: begin again holding it exclusively, because two such upgrades would
/// deadlock.
/// </summary>
sealed class NeedsExclusiveRunException(string stream) : Exception($"{stream} was held shared and has to be appended to.");
