using Lineage.Agents.Reporting;
using Lineage.Agents.Saving;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.Tests.Property.Saving;

/// <summary>
/// The control plane as seen by the data plane, in memory: opens by the star policy or deeper, takes facts in any order and number, seals
/// with the last missing shard. It can be away, refuse, or lose what it is told.
/// </summary>
public sealed class MemoryService(int fullEvery, WorldSize world, TimeProvider clock) : ICheckpointPort, IFactPublisher
{
    readonly Lock gate = new();
    readonly Dictionary<CheckpointId, Entry> entries = [];

    /// <summary>Thrown by every call while set.</summary>
    public Problem? Away { get; set; }

    /// <summary>Facts that are taken over and forgotten before one is recorded.</summary>
    public int LosesFacts { get; set; }

    public Generation Current { get; set; } = new(1);

    /// <summary>Above 1, every delta is built on the newest sealed checkpoint, and ranks are told so.</summary>
    public int DepthMax { get; set; } = 1;

    /// <summary>Set, the next plans name this base, whatever the policy says.</summary>
    public CheckpointId? Names { get; set; }

    /// <summary>How often somebody asked where a checkpoint lies, to read it back.</summary>
    public int ChainReads { get; private set; }

    public List<FactMessage> Received { get; } = [];

    public IReadOnlyList<CheckpointId> SealedCheckpoints
    {
        get
        {
            lock (gate) return [.. entries.Values.Where(static e => e.ManifestHash is not null).Select(static e => e.Plan.Checkpoint)];
        }
    }

    /// <summary>In the order of opening.</summary>
    public IReadOnlyList<SavePlan> Plans
    {
        get
        {
            lock (gate) return [.. entries.Values.Select(static e => e.Plan)];
        }
    }

    public Task<SavePlan> OpenAsync(CheckpointId id, OpenCheckpoint body, CancellationToken ct)
    {
        lock (gate)
        {
            ThrowIfAway();
            if (id.Generation < Current) throw Refuse(ProblemCodes.StaleGeneration, $"{id} is of an old generation.");
            if (entries.TryGetValue(id, out var known)) return Task.FromResult(known.Plan with { Phase = known.Phase });
            var below = entries.Values.LastOrDefault(e => e.ManifestHash is not null && (Names is { } named
                ? e.Plan.Checkpoint == named
                : DepthMax > 1 || e.Plan.Kind == CheckpointKind.Full));
            var link = below is null || entries.Count % fullEvery == 0
                ? null
                : new BaseLink(below.Plan.Checkpoint, below.ManifestHash!.Value, below.Plan.Base is { } edge ? edge.Depth + 1 : 0);
            var plan = new SavePlan(
                id, Parent: null, link is null ? CheckpointKind.Full : CheckpointKind.Incremental, link, Copies: 1,
                clock.GetUtcNow().AddMinutes(1), CheckpointPhase.Open, DepthMax);
            entries[id] = new Entry(plan, body.LayoutDigest);
            return Task.FromResult(plan);
        }
    }

    public Task<CheckpointView> ReadAsync(CheckpointId id, CancellationToken ct)
    {
        lock (gate)
        {
            ThrowIfAway();
            return Task.FromResult(entries.TryGetValue(id, out var e) ? View(e) : throw Refuse(ProblemCodes.NoSuchCheckpoint, $"No {id}."));
        }
    }

    public Task<ChainView> ReadChainAsync(CheckpointId id, CancellationToken ct)
    {
        lock (gate)
        {
            ThrowIfAway();
            ChainReads++;
            return Task.FromResult(Chain(id));
        }
    }

    /// <summary>What ranks said of saves that they could not make, refused or not.</summary>
    public List<(CheckpointId Checkpoint, Rank Rank, string Code)> Failures { get; } = [];

    public Task FailAsync(CheckpointId id, Rank rank, ReportRankFailure body, CancellationToken ct)
    {
        lock (gate)
        {
            ThrowIfAway();
            Failures.Add((id, rank, body.Code));
            if (id.Generation < Current) throw Refuse(ProblemCodes.StaleGeneration, $"{id} is of an old generation.");
            if (!entries.TryGetValue(id, out var entry)) throw Refuse(ProblemCodes.NoSuchCheckpoint, $"No {id}.");
            if (entry.Phase is not (CheckpointPhase.Open or CheckpointPhase.Abandoned))
                throw Refuse(ProblemCodes.CheckpointClosed, $"{id} is {entry.Phase}.");
            entry.Phase = CheckpointPhase.Abandoned;
        }

        return Task.CompletedTask;
    }

    public ChainView Chain(CheckpointId id)
    {
        var links = new List<ChainLink>();
        for (Entry? entry = entries[id]; entry is not null; entry = entry.Plan.Base is { } link ? entries[link.Checkpoint] : null)
        {
            var shards = entry.Shards.OrderBy(static s => s.Key).Select(static s => s.Value).ToList();
            links.Insert(0, new ChainLink(
                entry.Plan.Checkpoint, entry.Plan.Kind, entry.Phase, entry.ManifestHash, shards, shards.Sum(static s => s.StoredBytes)));
        }

        return new ChainView(id, links, links.Sum(static link => link.StoredBytes), Broken: null);
    }

    public Task PublishAsync(IReadOnlyList<FactMessage> facts, CancellationToken ct)
    {
        lock (gate)
        {
            ThrowIfAway();
            Received.AddRange(facts);
            foreach (var fact in facts)
            {
                if (LosesFacts > 0) LosesFacts--;
                else Record(fact);
            }
        }

        return Task.CompletedTask;
    }

    public void Abandon(CheckpointId id)
    {
        lock (gate) entries[id].Phase = CheckpointPhase.Abandoned;
    }

    void Record(FactMessage fact)
    {
        var entry = entries[fact.Checkpoint];
        if (fact is ShardVerificationReported { Finding: not Finding.Intact }) entry.Phase = CheckpointPhase.Quarantined;
        if (fact is not ShardStoreReported stored || entry.Phase != CheckpointPhase.Open) return;
        entry.Shards[fact.Rank] = new ManifestShard(fact.Rank, stored.Root, stored.Diff.RawBytes, stored.StoredBytes, stored.ObjectKey);
        if (entry.Shards.Count < world.Value) return;
        entry.Phase = CheckpointPhase.Sealed;
        entry.ManifestHash = new Manifest(
            Manifest.FormatName, fact.Checkpoint, entry.Plan.Kind, entry.Plan.Base, world, entry.Layout,
            [.. entry.Shards.OrderBy(static s => s.Key).Select(static s => s.Value)]).Hash();
    }

    CheckpointView View(Entry e) => new(
        e.Plan.Checkpoint, e.Phase, e.Plan.Kind, Parent: null, e.Plan.Base, e.Plan.Base is null ? 0 : 1, world, e.Layout, e.ManifestHash,
        [.. e.Shards.Values.Select(s => new ShardView(s.Rank, Diffed: null, StoredOf(e, s), Verified: null))],
        [.. world.Ranks.Where(rank => !e.Shards.ContainsKey(rank))], 0, 0, default, e.Plan.Deadline, ClosedAt: null, VerifiedAt: null,
        Cause: null, Version: 1);

    static ShardStored StoredOf(Entry e, ManifestShard s) =>
        new(e.Plan.Checkpoint, s.Rank, s.Root, s.StoredBytes, "local", s.ObjectKey, At: default);

    void ThrowIfAway()
    {
        if (Away is { } problem) throw new LineageProblemException(problem);
    }

    static LineageProblemException Refuse(string code, string detail) => new(Problem.Of(code, 409, "Refused", detail));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    sealed class Entry(SavePlan plan, ContentHash layout)
    {
        public SavePlan Plan => plan;

        public ContentHash Layout => layout;

        public CheckpointPhase Phase { get; set; } = CheckpointPhase.Open;

        public ContentHash? ManifestHash { get; set; }

        public Dictionary<Rank, ManifestShard> Shards { get; } = [];
    }
}
