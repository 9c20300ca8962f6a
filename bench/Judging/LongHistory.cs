using System.Text;
using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Evidence = Lineage.ChaosHarness.Checkers.Evidence;

namespace Lineage.Bench.Judging;

/// <summary>What is wrong in the middle of a history; each breaks one invariant and no other.</summary>
enum Plant
{
    /// <summary>Nothing: an honest history.</summary>
    None,

    /// <summary>A rank of a fenced generation still gets its shard on record (S15).</summary>
    ZombieStores,

    /// <summary>A rank goes on from another state than was captured (S3).</summary>
    OtherState,

    /// <summary>The bytes of a base go before those of a delta on it (S13).</summary>
    BaseReclaimed,

    /// <summary>An event that somebody had read is another one now (S10).</summary>
    PastChanged,
}

/// <summary>
/// The history of one run that trains for weeks, made without chance: two ranks save after every step; every hundredth save a rank dies and
/// the run recovers; a keeper reads everything back; retention lets go of whole chains, newest first, and their bytes go.
/// </summary>
sealed class LongHistory
{
    const int Ranks = 2, FullEvery = 8, KillEvery = 100, GroupsKept = 3;

    public static readonly RunId Run = RunId.Parse("weeks");

    readonly LongRecord record = new();
    readonly List<Entry.Trained> golden = [];
    readonly Queue<List<CheckpointId>> groups = new();
    readonly List<CheckpointId> torn = [];
    readonly long saves;
    readonly Plant plant;
    List<CheckpointId> group = [];
    BaseLink? keyframe;
    CheckpointId? newest;
    long generation = 1;
    bool isPlanted;

    LongHistory(long saves, Plant plant) => (this.saves, this.plant) = (saves, plant);

    public static Evidence Make(long saves, Plant plant) => new LongHistory(saves, plant).Make();

    Evidence Make()
    {
        record.Write(Run.StreamKey, new RunRegistered(Run, SavePolicy.Default, new Dictionary<string, string>(StringComparer.Ordinal), At));
        record.Write(Run.StreamKey, new RetentionChanged(Run, new RetentionPolicy(Latest: 16), "weeks", At));
        Grant();
        for (var step = 1L; step <= saves; step++)
        {
            if (step == saves / 2) record.Read();
            Train(step, isGolden: true);
            if (step % KillEvery == 0) Die(step);
            Save(step);
            if (group.Count == FullEvery) Retain();
        }

        record.Write(Run.StreamKey, new RunCompleted(Run, new Generation(generation), new Step(saves), StateDigest: null, At));
        var evidence = record.Gather(saves, golden);
        return plant == Plant.PastChanged ? record.Changed(evidence) : evidence;
    }

    DateTimeOffset At => record.At;

    bool IsDue(long step, Plant what) => plant == what && !isPlanted && step > saves / 2 && (isPlanted = true);

    void Grant() => record.Write(
        Run.StreamKey, new LeaseGranted(Run, new Generation(generation), ActorId.Parse("launcher"), new WorldSize(Ranks), 30, At));

    void Train(long step, bool isGolden)
    {
        for (var rank = 0; rank < Ranks; rank++)
        {
            var (state, sample, who) = (Hash($"state {step} {rank}"), (((step - 1) * Ranks) + rank) * 8, rank);
            record.Note((index, at) => new Entry.Trained(
                index, at, Names[who], Run, generation, step, who, state, sample, sample + 8));
            if (isGolden) golden.Add(new Entry.Trained(golden.Count, 0, "golden", Run, 1, step, rank, state, sample, sample + 8));
        }
    }

    static readonly string[] Names = ["rank:0", "rank:1"];

    CheckpointId Open(long step)
    {
        var id = new CheckpointId(Run, new Generation(generation), new Step(step));
        if (group.Count == 0) keyframe = null;
        for (var rank = 0; rank < Ranks; rank++)
        {
            var (state, who) = (Hash($"state {step} {rank}"), rank);
            record.Note((index, at) => new Entry.Captured(index, at, Names[who], id, who, state));
        }

        record.Write(id.StreamKey, new CheckpointOpened(
            id, newest, keyframe is null ? CheckpointKind.Full : CheckpointKind.Incremental, keyframe, new WorldSize(Ranks), Layout,
            Copies: 1, At, At.AddMinutes(1)));
        return id;
    }

    ManifestShard Store(CheckpointId id, int rank)
    {
        var (key, root) = (KeyOf(id, rank), Hash($"root {id} {rank}"));
        record.Note((index, at) => new Entry.Durable(index, at, Names[rank], id, rank, key));
        record.Note((index, at) => new Entry.Sent(index, at, Names[rank], id, rank, key));
        Recorded(id, rank, root, key);
        return new ManifestShard(new Rank(rank), root, 1_000, 100, key);
    }

    void Recorded(CheckpointId id, int rank, ContentHash root, string key)
    {
        var baseRoot = keyframe is { } link ? Hash($"root {link.Checkpoint} {rank}") : (ContentHash?)null;
        record.Write(id.StreamKey, new ShardDiffed(id, new Rank(rank), baseRoot, 1_000, 90, ChunkModeCounts.None, 5, 1));
        record.Write(id.StreamKey, new ShardStored(id, new Rank(rank), root, 100, "disk", key, At));
        record.Lies(key, root, id, rank, baseRoot, Hash($"state {id.Step} {rank}"));
    }

    void Save(long step)
    {
        var id = Open(step);
        ManifestShard[] shards = [Store(id, 0), Store(id, 1)];
        var manifest = new Manifest(
            Manifest.FormatName, id, keyframe is null ? CheckpointKind.Full : CheckpointKind.Incremental, keyframe, new WorldSize(Ranks),
            Layout, shards).Hash();
        record.Write(id.StreamKey, new CheckpointSealed(id, manifest, 1_000L * Ranks, 100L * Ranks, At));
        record.Note((index, at) => new Entry.Acknowledged(index, at, Names[0], id.StreamKey, "checkpoint-sealed.v1", Rank: null));
        for (var rank = 0; rank < Ranks; rank++)
        {
            var (who, key) = (rank, KeyOf(id, rank));
            record.Note((index, at) => new Entry.ReadBack(index, at, "keeper", id, who, key, Written: 1));
            record.Write(id.StreamKey, new ShardVerified(
                id, new Rank(rank), Finding.Intact, VerificationDepth.Deep, Detail: null, 100, At));
        }

        record.Write(id.StreamKey, new CheckpointVerified(id, At));
        keyframe ??= new BaseLink(id, manifest, 0);
        newest = id;
        group.Add(id);
    }

    /// <summary>Rank 1 dies in the middle of a save; the next generation goes on from the newest verified checkpoint.</summary>
    void Die(long step)
    {
        var id = Open(step);
        Store(id, 0);
        var fault = (int)generation;
        record.Note((index, at) => new Entry.Injected(index, at, "nemesis", fault, "rank-kill", "rank:1", ""));
        record.Note((index, at) => new Entry.TookEffect(index, at, "nemesis", fault, "the process is gone"));
        var zombie = IsDue(step, Plant.ZombieStores);
        generation++;
        Grant();
        var recovery = new RecoveryId(Run, new Generation(generation));
        record.Write(recovery.StreamKey, new RecoveryStarted(
            recovery, new Generation(generation - 1), "rank 1 killed by signal 9", [new Rank(1)], new Step(step), new WorldSize(Ranks),
            At));
        record.Write(recovery.StreamKey, new RestorePointChosen(
            recovery, Attempt: 1, newest, "newest verified", [new(id, RejectionReason.NotSealed, "not sealed: rank 1 missing")], At));
        record.Write(id.StreamKey, new CheckpointAbandoned(
            id, AbandonCause.NewerGeneration, [new Rank(1)], $"generation {generation} writes the run now", At));
        if (zombie) Recorded(id, 1, Hash($"root {id} 1"), KeyOf(id, 1));
        Restore(recovery, step);
        torn.Add(id);
        Train(step, isGolden: false);
    }

    void Restore(RecoveryId recovery, long step)
    {
        for (var rank = 0; rank < Ranks; rank++)
        {
            var state = IsDue(step, Plant.OtherState) ? Hash("another state") : Hash($"state {newest!.Value.Step} {rank}");
            var who = rank;
            record.Note((index, at) => new Entry.Restored(index, at, Names[who], recovery.StreamKey, newest, who, state));
            record.Write(recovery.StreamKey, new RankRestored(recovery, new Rank(rank), newest, 200, "disk", state, 5, At));
        }

        record.Write(recovery.StreamKey, new RecoveryCompleted(recovery, newest!.Value.Step, LostSteps: 1, At));
    }

    /// <summary>A whole chain goes, newest first, once there are enough newer ones.</summary>
    void Retain()
    {
        groups.Enqueue(group);
        group = [];
        if (groups.Count <= GroupsKept) return;
        var going = groups.Dequeue();
        going.Reverse();
        foreach (var id in going)
            record.Write(id.StreamKey, new CheckpointExpired(id, "older than the latest 16", Layout, At, At));
        if (IsDue(going[0].Step.Value, Plant.BaseReclaimed)) going.Reverse();
        foreach (var id in torn.Concat(going))
        {
            record.Write(id.StreamKey, new ReclaimStarted(id, ActorId.Parse("keeper"), At));
            for (var rank = 0; rank < Ranks; rank++) record.Goes(KeyOf(id, rank));
            record.Write(id.StreamKey, new ShardsReclaimed(id, [new Rank(0), new Rank(1)], 200, "disk", At));
        }

        torn.Clear();
    }

    static ContentHash Layout { get; } = Hash("layout");

    static string KeyOf(CheckpointId id, int rank) => ObjectKeys.Shard(new ShardId(id, new Rank(rank)));

    static ContentHash Hash(string of) => ContentHash.Of(Encoding.UTF8.GetBytes(of));
}
