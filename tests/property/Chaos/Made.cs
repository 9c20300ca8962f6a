using System.Globalization;
using System.Text;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Evidence = Lineage.ChaosHarness.Checkers.Evidence;

namespace Lineage.Tests.Property.Chaos;

/// <summary>A history made by hand, one event and one entry after the other; each takes the next sequence number and ten
/// milliseconds.</summary>
sealed class Made
{
    static readonly DateTimeOffset Began = DateTimeOffset.UnixEpoch.AddYears(56);

    readonly Dictionary<string, List<EventEvidence>> streams = new(StringComparer.Ordinal);
    readonly List<Entry> journal = [];
    readonly List<ObjectEvidence> objects = [];
    long sequence, now;

    public static RunId Bloom { get; } = RunId.Parse("bloom");

    public static ActorId Launcher { get; } = ActorId.Parse("launcher");

    public List<RowEvidence> Rows { get; } = [];

    public List<TilingEvidence> Plans { get; } = [];

    public List<Entry.Trained> Golden { get; } = [];

    public RestEvidence? AtRest { get; set; } = new(0, [], [], 100);

    public ScheduleBounds Bounds { get; set; } = new(60_000, RecoveriesMax: 3, VerifiedMin: 1, DepthMax: 4);

    public List<Operation> Operations { get; } = [];

    public bool BeyondBudget { get; set; }

    public int Ranks { get; init; } = 2;

    public DateTimeOffset At => Began.AddMilliseconds(now);

    public static CheckpointId Id(long step, long generation = 1) => new(Bloom, new Generation(generation), new Step(step));

    public static ContentHash Hash(string of) => ContentHash.Of(Encoding.UTF8.GetBytes(of));

    public static ContentHash RootOf(CheckpointId id, int rank) => Hash(string.Create(CultureInfo.InvariantCulture, $"root {id} {rank}"));

    public static ContentHash StateOf(CheckpointId id, int rank) => Hash(string.Create(CultureInfo.InvariantCulture,
        $"state {id.Step} {rank}"));

    public static string Key(CheckpointId id, int rank) => ObjectKeys.Shard(new ShardId(id, new Rank(rank)));

    public Made Write(string stream, object body, bool? digestHeld = true, long? version = null)
    {
        if (!streams.TryGetValue(stream, out var events)) streams[stream] = events = [];
        now += 10;
        events.Add(new EventEvidence(++sequence, version ?? events.Count + 1, EventCatalog.Names[body.GetType()], body, digestHeld, now));
        return this;
    }

    public Made Wait(long milliseconds)
    {
        now += milliseconds;
        return this;
    }

    /// <param name="entry">Gets the index and the time.</param>
    public Made Note(Func<long, long, Entry> entry)
    {
        now += 10;
        journal.Add(entry(journal.Count, now));
        return this;
    }

    public Made Run() => Write(Bloom.StreamKey, new RunRegistered(Bloom, SavePolicy.Default, new Dictionary<string,
        string>(StringComparer.Ordinal), At))
        .Grant(1);

    public Made Grant(long generation) => Write(
        Bloom.StreamKey, new LeaseGranted(Bloom, new Generation(generation), Launcher, new WorldSize(Ranks), 30, At));

    public Made Open(CheckpointId id, CheckpointId? on = null, int baseDepth = 0, ContentHash? manifest = null) => Write(
        id.StreamKey,
        new CheckpointOpened(
            id, on, on is null ? CheckpointKind.Full : CheckpointKind.Incremental,
            on is { } known ? new BaseLink(known, manifest ?? ManifestOf(known), baseDepth) : null, new WorldSize(Ranks), Hash("layout"),
                1, At,
            At.AddSeconds(1)));

    public Made Capture(CheckpointId id, int rank) => Note((index, at) => new Entry.Captured(
        index, at, $"rank:{rank}", id, rank, StateOf(id, rank)));

    public Made Durable(CheckpointId id, int rank) => Note((index, at) => new Entry.Durable(index, at, $"rank:{rank}", id, rank, Key(id,
        rank)))
        .Lies(id, rank);

    public Made Lies(CheckpointId id, int rank, string? damage = null, ContentHash? state = null)
    {
        objects.RemoveAll(one => string.Equals(one.Key, Key(id, rank), StringComparison.Ordinal));
        objects.Add(new ObjectEvidence(
            "disk", Key(id, rank), 100, damage is null ? RootOf(id, rank) : null, id, rank, null, damage is null ? state ?? StateOf(id,
                rank) : null,
            damage));
        return this;
    }

    public Made Gone(CheckpointId id, int rank)
    {
        objects.RemoveAll(one => string.Equals(one.Key, Key(id, rank), StringComparison.Ordinal));
        return this;
    }

    public Made Sent(CheckpointId id, int rank) => Note((index, at) => new Entry.Sent(index, at, $"rank:{rank}", id, rank, Key(id, rank)));

    public Made Diff(CheckpointId id, int rank) => Write(
        id.StreamKey, new ShardDiffed(id, new Rank(rank), null, 1_000, 90, ChunkModeCounts.None, 5, 1));

    public Made Store(CheckpointId id, int rank, ContentHash? root = null) => Write(
        id.StreamKey, new ShardStored(id, new Rank(rank), root ?? RootOf(id, rank), 100, "disk", Key(id, rank), At));

    public Made Acknowledge(string stream, string name, int? rank = null) => Note((index, at) => new Entry.Acknowledged(
        index, at, rank is null ? "launcher" : $"rank:{rank}", stream, name, rank));

    public Made Seal(CheckpointId id, ContentHash? manifest = null) => Write(
        id.StreamKey, new CheckpointSealed(id, manifest ?? ManifestOf(id), 1_000L * Ranks, 100L * Ranks, At));

    public Made Abandon(CheckpointId id, AbandonCause cause, params int[] missing) => Write(
        id.StreamKey, new CheckpointAbandoned(id, cause, [.. missing.Select(static rank => new Rank(rank))], "the ranks did not report",
            At, cause == AbandonCause.RankFailed && missing is [var first, ..] ? new RankFailure(new Rank(first), "disk-full") : null));

    public Made Read(CheckpointId id, int rank, long written = 1) => Note((index, at) => new Entry.ReadBack(
        index, at, "keeper", id, rank, Key(id, rank), written));

    public Made Check(CheckpointId id, int rank, Finding finding = Finding.Intact) => Write(
        id.StreamKey, new ShardVerified(id, new Rank(rank), finding, VerificationDepth.Deep, finding == Finding.Intact ? null : "chunk 3",
            100, At));

    /// <summary>Every shard is written anew as a full one, beside the old; findings and verification are of one append.</summary>
    public Made Rebase(CheckpointId id)
    {
        var anew = Enumerable.Range(0, Ranks).Select(rank => new RebasedShard(
            new Rank(rank), Hash($"anew {RootOf(id, rank)}"), 300, "disk", Key(id, rank).Replace(".shard", ".full.shard",
                StringComparison.Ordinal))).ToList();
        foreach (var shard in anew)
            objects.Add(new ObjectEvidence(
                "disk", shard.ObjectKey, 300, shard.Root, id, shard.Rank.Value, null, StateOf(id, shard.Rank.Value), null));
        Write(id.StreamKey, new CheckpointRebased(id, Base: null, anew, Hash($"manifest anew {id}"), 300L * Ranks, "to stand alone", At));
        return Verify(id);
    }

    public Made Verified(CheckpointId id) => Write(id.StreamKey, new CheckpointVerified(id, At));

    public Made Quarantine(CheckpointId id, params int[] ranks) => Write(
        id.StreamKey, new CheckpointQuarantined(id, [.. ranks.Select(static rank => new Rank(rank))], "chunk 3 is altered", At));

    /// <summary>A whole save of every rank, as it should be.</summary>
    public Made Save(CheckpointId id, CheckpointId? on = null, int baseDepth = 0)
    {
        Open(id, on, baseDepth);
        for (var rank = 0; rank < Ranks; rank++) Shard(id, rank);
        return Seal(id);
    }

    public Made Shard(CheckpointId id, int rank) => Capture(id, rank).Durable(id, rank).Sent(id, rank).Diff(id, rank).Store(id, rank)
        .Acknowledge(id.StreamKey, "shard-stored.v1", rank);

    public Made Verify(CheckpointId id)
    {
        for (var rank = 0; rank < Ranks; rank++) Read(id, rank).Check(id, rank);
        return Verified(id);
    }

    public Made Choose(long generation, CheckpointId? chosen, int attempt = 1, params RejectedCandidate[] rejected) => Write(
        new RecoveryId(Bloom, new Generation(generation)).StreamKey,
        new RestorePointChosen(new RecoveryId(Bloom, new Generation(generation)), attempt, chosen, "newest", rejected, At));

    public Made Recovery(long generation, string cause = "rank 1 killed by signal 9") => Grant(generation).Write(
        new RecoveryId(Bloom, new Generation(generation)).StreamKey,
        new RecoveryStarted(
            new RecoveryId(Bloom, new Generation(generation)), new Generation(generation - 1), cause, [new Rank(1)], null,
                new WorldSize(Ranks), At));

    public Made Restore(long generation, CheckpointId? chosen, int rank, ContentHash? state = null)
    {
        var recovery = new RecoveryId(Bloom, new Generation(generation));
        var held = state ?? (chosen is { } id ? StateOf(id, rank) : Hash("initial"));
        return Note((index, at) => new Entry.Restored(index, at, $"rank:{rank}", recovery.StreamKey, chosen, rank, held))
            .Write(recovery.StreamKey, new RankRestored(recovery, new Rank(rank), chosen, 100, "disk", held, 5, At));
    }

    public Made Complete(long generation, CheckpointId? chosen) => Write(
        new RecoveryId(Bloom, new Generation(generation)).StreamKey,
        new RecoveryCompleted(new RecoveryId(Bloom, new Generation(generation)), chosen?.Step ?? default, null, At));

    /// <summary>A whole recovery of every rank.</summary>
    public Made Recover(long generation, CheckpointId? chosen, params RejectedCandidate[] rejected)
    {
        Recovery(generation).Choose(generation, chosen, attempt: 1, rejected);
        for (var rank = 0; rank < Ranks; rank++) Restore(generation, chosen, rank);
        return Complete(generation, chosen);
    }

    public Made Inject(int fault, string kind, string target, string? effect = "it is gone")
    {
        Note((index, at) => new Entry.Injected(index, at, "nemesis", fault, kind, target, ""));
        return effect is null ? this : Note((index, at) => new Entry.TookEffect(index, at, "nemesis", fault, effect));
    }

    public Made Train(long step, int rank, long generation = 1, ContentHash? state = null, long? sampleFrom = null) => Note(
        (index, at) => new Entry.Trained(
            index, at, $"rank:{rank}", Bloom, generation, step, rank, state ?? StateOf(Id(step), rank),
            sampleFrom ?? (((step - 1) * Ranks) + rank) * 8, (sampleFrom ?? (((step - 1) * Ranks) + rank) * 8) + 8));

    public Evidence Evidence() => new(
        new Schedule(Schedule.CurrentVersion, 7, "calm", new ScheduledWorld(Ranks, 1, 1, 2), Operations, [], Bounds, BeyondBudget), journal,
        [.. streams.Select(static one => new StreamEvidence(one.Key, one.Value))], objects, Rows, AtRest, RaceMs: 0,
        Golden.Count > 0 ? Golden : null, Plans);

    public Verdict Judged() => Judge.Examine(Evidence());

    ContentHash ManifestOf(CheckpointId id)
    {
        var events = streams.GetValueOrDefault(id.StreamKey) ?? [];
        var opened = events.Select(static e => e.Body).OfType<CheckpointOpened>().First();
        var stored = events.Select(static e => e.Body).OfType<ShardStored>().GroupBy(static e => e.Rank).Select(static group =>
            group.First());
        return new Manifest(
            Manifest.FormatName, id, opened.Kind, opened.Base, opened.WorldSize, opened.LayoutDigest,
            [.. stored.OrderBy(static e => e.Rank).Select(static e => new ManifestShard(e.Rank, e.Root, 1_000, e.StoredBytes,
                e.ObjectKey))]).Hash();
    }
}
