using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.Tests.Property.Format;

/// <summary>One of everything that is written down for ever. Never change a sample: its golden file would no longer be its image.</summary>
static class Samples
{
    static readonly RunId Run = RunId.Parse("demo");
    static readonly CheckpointId Checkpoint = CheckpointId.Parse("demo/3/120");
    static readonly CheckpointId Keyframe = CheckpointId.Parse("demo/3/100");
    static readonly RecoveryId Recovery = RecoveryId.Parse("demo/3");
    static readonly Generation Three = new(3);
    static readonly WorldSize Two = new(2);
    static readonly Rank Zero = new(0), One = new(1);
    static readonly ActorId Launcher = ActorId.Parse("launcher:host-1/4711"), Ada = ActorId.Parse("person:ada");
    static readonly ContentHash Layout = ContentHash.Of("layout"u8), Hash = ContentHash.Of("manifest"u8), Root = ContentHash.Of("root"u8);
    static readonly DateTimeOffset At = new(2026, 11, 24, 0, 11, 5, 123, TimeSpan.Zero);
    static readonly RejectedCandidate Rejected =
        new(Checkpoint, RejectionReason.ChainBroken, "base demo/3/100 is quarantined: rank 1 is altered");
    static readonly ChunkModeCounts Modes = new(1, 2, 3, 4, 5);

    public static Manifest Manifest { get; } = new(
        Manifest.FormatName, Checkpoint, CheckpointKind.Incremental, new BaseLink(Keyframe, Hash, 0), Two, Layout,
        [
            new ManifestShard(Zero, Root, 4_096, 1_024, ObjectKeys.Shard(new ShardId(Checkpoint, Zero))),
            new ManifestShard(One, Hash, 4_096, 1_088, ObjectKeys.Shard(new ShardId(Checkpoint, One))),
        ]);

    public static CheckpointAbandoned RankFailed { get; } = new(
        Checkpoint, AbandonCause.RankFailed, [One], "rank 1 could not save its shard: no space left on device", At,
        new RankFailure(One, "disk-full"));

    public static IReadOnlyList<object> Events { get; } =
    [
        new RunRegistered(
            Run, new SavePolicy(4, 30, 2, 15),
            new Dictionary<string, string>(StringComparer.Ordinal) { ["seed"] = "7", ["corpus"] = "é \"x\"" }, At),
        new LeaseGranted(Run, Three, Launcher, Two, 15, At),
        new RankJoined(Run, Three, One, "host-1", 4_712, At),
        new LeaseExpired(Run, Three, Launcher, At),
        new LeaseReleased(Run, Three, Launcher, "stopped by a person", At),
        new StaleGenerationRefused(Run, new Generation(2), Three, ActorId.Parse("rank:demo/2/1"), One, "store-shard", Checkpoint, At),
        new RunCompleted(Run, Three, new Step(120), Hash, At),
        new CheckpointOpened(
            Checkpoint, Keyframe, CheckpointKind.Incremental, new BaseLink(Keyframe, Hash, 0), Two, Layout, 1, At, At.AddSeconds(30)),
        new ShardDiffed(Checkpoint, One, Root, 4_096, 1_000, Modes, 1_500, 90),
        new ShardStored(Checkpoint, One, Root, 1_088, "local", ObjectKeys.Shard(new ShardId(Checkpoint, One)), At),
        new CheckpointSealed(Checkpoint, Hash, 8_192, 2_112, At),
        new CheckpointAbandoned(Checkpoint, AbandonCause.DeadlinePassed, [One], "rank 1 stored nothing within 30 s", At),
        new ShardVerified(
            Checkpoint, One, Finding.Altered, VerificationDepth.Deep, "at byte 64: chunk 0 of tensor \"w\" was altered", 1_088, At),
        new CheckpointVerified(Checkpoint, At),
        new CheckpointQuarantined(Checkpoint, [Zero, One], "damage found by a deep verification", At),
        new RecoveryStarted(Recovery, new Generation(2), "rank 1 killed by signal 9", [One], new Step(125), Two, At),
        new RestorePointChosen(Recovery, 1, Keyframe, "newest verified checkpoint with a whole chain", [Rejected], At),
        new RankRestored(Recovery, One, Keyframe, 2_112, "local", Hash, 12, At),
        new RecoveryCompleted(Recovery, new Step(100), 25, At),
        new RecoveryFailed(Recovery, "no restore point", [Rejected], At),
        new RunForked(
            RunId.Parse("child"), Checkpoint, new SavePolicy(4, 30, 2, 15), new Dictionary<string, string>(StringComparer.Ordinal),
            "try a lower learning rate", At),
        new PolicyChanged(Run, new SavePolicy(8, 60, 1, 30, 4, 1_000_000), "shorter chains", At),
        new RetentionChanged(
            Run, new RetentionPolicy(4, 2, "val_loss", MetricOrder.LowerIsBetter, 7, 4, 3_600, 3), "storage is full", At),
        new RunRewound(Run, Keyframe, Three, "loss spike", At),
        new RunArchived(Run, "published", At),
        new TagPlaced(Run, "release", Checkpoint, Keyframe, At),
        new TagRemoved(Run, "release", Checkpoint, At),
        new CheckpointPinned(Checkpoint, Ada, "paper", At.AddDays(30), At),
        new CheckpointUnpinned(Checkpoint, Ada, "published", At),
        new HoldPlaced(Checkpoint, "case-17", Ada, "litigation", At),
        new HoldLifted(Checkpoint, "case-17", Ada, "settled", At),
        new MetricsRecorded(Checkpoint, [new Metric("loss", 2.718281828459045), new Metric("val_loss", null)], Launcher, At),
        new CheckpointExpired(Checkpoint, "not among the latest 4", Hash, At.AddHours(1), At),
        new ExpiryUndone(Checkpoint, Ada, "still needed", At),
        new ReclaimStarted(Checkpoint, ActorId.Parse("keeper:host-1"), At),
        new ShardsReclaimed(Checkpoint, [Zero, One], 2_112, "local", At),
        new CheckpointRebased(
            Checkpoint, null, [new RebasedShard(One, Root, 4_000, "local", "demo/3/120/1.r1.shard")], Hash, 8_000, "its base expires", At),
        new CheckpointExported(Checkpoint, Ada, "safetensors", "release/", 8_192, Hash, At),
        new AccessRecorded(
            "host-1", [new AccessEntry(At, Ada, "plan-restore", "demo", 404, "no-restore-point", "c-3")], At),
        new AuditExported(Ada, "jsonl", "run=demo", 42, Hash, At),
        new KeyIssued("k-1", Launcher, [Role.Agent, Role.Reader], Run, At.AddDays(90), Ada, At),
        new KeyRevoked("k-1", Ada, "leaked", At),
    ];

    public static IReadOnlyList<FactMessage> Messages { get; } =
    [
        new ShardDiffReported
        {
            Id = MessageId.Derive("shard-diff-reported.v1", "demo/3/120/1"), Checkpoint = Checkpoint, Rank = One, Actor = Launcher,
            Correlation = "c-1",
            Diff = new DiffFigures(Root, 4_096, 1_000, Modes, 1_500, 90),
        },
        new ShardStoreReported
        {
            Id = MessageId.Derive("shard-store-reported.v1", "demo/3/120/1"), Checkpoint = Checkpoint, Rank = One, Actor = Launcher,
            Correlation = "c-1",
            Diff = new DiffFigures(null, 4_096, 1_000, Modes, 1_500, 90), Root = Root, StoredBytes = 1_088, Tier = "local",
            ObjectKey = ObjectKeys.Shard(new ShardId(Checkpoint, One)),
        },
        new ShardVerificationReported
        {
            Id = MessageId.Derive("shard-verification-reported.v1", "demo/3/120/1"), Checkpoint = Checkpoint, Rank = One, Actor = Launcher,
            Correlation = "c-2", Finding = Finding.Missing, Depth = VerificationDepth.Shallow, Root = null,
            Detail = "there is no such object", ReadBytes = 0,
        },
    ];

    /// <summary>Six tensors whose bytes follow from a formula, at a step; the second step differs a little from the first.</summary>
    public static (IReadOnlyList<TensorSpec> Tensors, byte[][] Bytes) State(int step)
    {
        TensorSpec[] tensors =
        [
            new("embed.weight", TensorDtype.F32, [40, 8], [20, 0], [20, 8], TensorRole.Master),
            new("embed.weight.cast", TensorDtype.BF16, [40, 8], [20, 0], [20, 8], TensorRole.Weight, CastOf: "embed.weight"),
            new("embed.exp_avg", TensorDtype.F32, [40, 8], [20, 0], [20, 8], TensorRole.ExpAvg),
            new("frozen", TensorDtype.F16, [33], [0], [33], TensorRole.Weight),
            new("empty", TensorDtype.F64, [1, 4], [1, 0], [0, 4], TensorRole.Weight),
            new("step", TensorDtype.I64, [], [], [], TensorRole.Scalar),
        ];
        var weights = new byte[20 * 8 * 4];
        for (var i = 0; i < 160; i++)
            BitConverter.TryWriteBytes(weights.AsSpan(i * 4), ((i * 37 % 101) - 50) / 1024f * (1 + (step / 65_536f)));
        byte[][] bytes =
        [
            weights,
            [.. weights.Chunk(4).SelectMany(static four => four[2..])],
            new byte[640],
            [.. Enumerable.Range(0, 66).Select(static i => (byte)(i * 131 % 251))],
            [],
            BitConverter.GetBytes((long)step),
        ];
        return (tensors, bytes);
    }
}
