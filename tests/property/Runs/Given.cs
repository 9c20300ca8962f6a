using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Decisions;
using Lineage.Restores;
using Lineage.Runs;

namespace Lineage.Tests.Property.Runs;

/// <summary>Words for decision tables: one run "demo" of two ranks, a launcher, a clock that only moves when told.</summary>
static class Given
{
    public static readonly RunId Demo = RunId.Parse("demo");
    public static readonly ActorId Launcher = ActorId.Parse("launcher:a/1"), Rival = ActorId.Parse("launcher:b/2"),
    Keeper = ActorId.Parse("keeper:a");
    public static readonly ContentHash Layout = Hash("layout");
    public static readonly WorldSize Two = new(2);

    public static DateTimeOffset At(double seconds) => DateTimeOffset.UnixEpoch.AddDays(20_000).AddSeconds(seconds);

    public static ContentHash Hash(string text) => ContentHash.Of(System.Text.Encoding.UTF8.GetBytes(text));

    public static CheckpointId Id(long generation, long step) => new(Demo, new Generation(generation), new Step(step));

    public static RecoveryId RecoveryInto(long generation) => new(Demo, new Generation(generation));

    public static RunRegistered Registered(SavePolicy? policy = null) =>
        new(Demo, policy ?? SavePolicy.Default, new Dictionary<string, string>(StringComparer.Ordinal), At(0));

    public static LeaseGranted Granted(long generation, ActorId? holder = null, int worldSize = 2) =>
        new(Demo, new Generation(generation), holder ?? Launcher, new WorldSize(worldSize), SavePolicy.Default.LeaseSeconds, At(0));

    public static Run RunOf(params object[] events) => events.Aggregate((Run?)null, Run.Fold)!;

    /// <summary>A run whose newest generation is <paramref name="generation"/>, held by the launcher.</summary>
    public static Run RunAt(long generation, SavePolicy? policy = null) =>
        RunOf([Registered(policy), .. Enumerable.Range(1, (int)generation).Select(g => (object)Granted(g))]);

    public static Checkpoint CheckpointOf(params object[] events) => events.Aggregate((Checkpoint?)null, Checkpoint.Fold)!;

    public static Recovery RecoveryOf(params object[] events) => events.Aggregate((Recovery?)null, Recovery.Fold)!;

    public static CheckpointOpened Opened(CheckpointId id, BaseLink? edge = null, CheckpointId? parent = null, int copies = 1,
        int worldSize = 2) => new(
        id, parent, edge is null
        ? CheckpointKind.Full
        : CheckpointKind.Incremental, edge, new WorldSize(worldSize), Layout, copies, At(0), At(60));

    public static CheckpointCommand.Open Open(CheckpointId id, History? history = null, int worldSize = 2, ContentHash? layout = null) =>
        new(
        id, new WorldSize(worldSize), layout ?? Layout, history ?? History.Empty, Launcher, Rank: null, At(1));

    public static DiffFigures Figures(int rank, ContentHash? baseRoot = null) => new(
        baseRoot, 1_000 + rank, 500 + rank, new ChunkModeCounts(1, 2, 0, 3, baseRoot is null ? 0 : 4), 70 + rank, 7);

    public static ContentHash Root(CheckpointId id, int rank) => Hash($"{id}/{rank}");

    public static ShardDiffReported Diff(CheckpointId id, int rank, ContentHash? baseRoot = null) => new()
    {
        Id = MessageId.Derive(id.ToString(), $"{rank}", "diff"),
        Checkpoint = id,
        Rank = new Rank(rank),
        Actor = RankActor(id, rank),
        Correlation = "save",
        Diff = Figures(rank, baseRoot),
    };

    public static ShardStoreReported Stored(CheckpointId id, int rank, ContentHash? baseRoot = null, string tier = "disk") => new()
    {
        Id = MessageId.Derive(id.ToString(), $"{rank}", "store", tier),
        Checkpoint = id,
        Rank = new Rank(rank),
        Actor = RankActor(id, rank),
        Correlation = "save",
        Diff = Figures(rank, baseRoot),
        Root = Root(id, rank),
        StoredBytes = (baseRoot is null ? 600 : 300) + rank,
        Tier = tier,
        ObjectKey = ObjectKeys.Shard(new ShardId(id, new Rank(rank))),
    };

    public static ShardVerificationReported Found(
        CheckpointId id, int rank, Finding finding = Finding.Intact, VerificationDepth depth = VerificationDepth.Deep,
        string? detail = null)
    {
        var root = finding == Finding.Intact && depth == VerificationDepth.Deep ? Root(id, rank) : default(ContentHash?);
        return new ShardVerificationReported
        {
            Id = MessageId.Derive(id.ToString(), $"{rank}", "verification", $"{finding}", $"{depth}"),
            Checkpoint = id,
            Rank = new Rank(rank),
            Actor = Keeper,
            Correlation = "verify",
            Finding = finding,
            Depth = depth,
            Root = root,
            Detail = detail,
            ReadBytes = 600 + rank,
        };
    }

    public static ActorId RankActor(CheckpointId id, int rank) => ActorId.Parse($"rank:{id.Run}/{id.Generation}/{rank}");

    /// <summary>The state after every rank stored its shard.</summary>
    public static Checkpoint Sealed(CheckpointId id, BaseLink? edge = null, CheckpointId? parent = null, int worldSize = 2)
    {
        var opened = CheckpointOf(Opened(id, edge, parent, worldSize: worldSize));
        var run = RunOf(Registered(), Granted(id.Generation.Value, worldSize: worldSize));
        return After(opened, run, [.. Enumerable.Range(0, worldSize).Select(rank =>
            (FactMessage)Stored(id, rank, edge is { } link ? Root(link.Checkpoint, rank) : null))]);
    }

    /// <summary>The state after every rank's shard was found deeply intact.</summary>
    public static Checkpoint Verified(CheckpointId id, BaseLink? edge = null, CheckpointId? parent = null, int worldSize = 2) =>
        After(
            Sealed(id, edge, parent, worldSize), RunOf(Registered(), Granted(id.Generation.Value)),
            [.. Enumerable.Range(0, worldSize).Select(rank => (FactMessage)Found(id, rank))]);

    public static Checkpoint Quarantined(CheckpointId id, BaseLink? edge = null) =>
        After(Verified(id, edge), RunAt(id.Generation.Value), Found(id, 1, Finding.Altered, detail: "blk.2.mlp.weight chunk 17"));

    public static BaseLink EdgeTo(Checkpoint keyframe) => new(keyframe.Id, keyframe.Sealed!.ManifestHash, 0);

    public static Checkpoint After(Checkpoint state, Run run, params FactMessage[] messages) =>
        CheckpointDecider.DecideAll(state.Id, state, run, messages, At(2)).Events.Aggregate(state, static (s, e) => Checkpoint.Fold(s, e)!);

    public static History HistoryOf(long generation, params Checkpoint[] checkpoints) =>
        History.ForWriting(new Generation(generation), checkpoints.Select(Candidate.Of), []);
}

/// <summary>What a decision must be.</summary>
static class Then
{
    public static IReadOnlyList<object> Accepted(Decision decision, params Type[] events)
    {
        var accepted = Assert.IsType<Decision.Accepted>(decision);
        Assert.Equal(events, accepted.Events.Select(static e => e.GetType()));
        return accepted.Events;
    }

    public static void Done(Decision decision) => Assert.IsType<Decision.AlreadyDone>(decision);

    /// <summary>Refused so, with a message that says something; returns it.</summary>
    public static Decision.Refused Refused(Decision decision, string code, int records = 0)
    {
        var refused = Assert.IsType<Decision.Refused>(decision);
        Assert.Equal(code, refused.Code);
        Assert.Equal(records, refused.Record.Count);
        Assert.InRange(refused.Status, 400, 499);
        Assert.True(refused.Detail.Length > 30, refused.Detail);
        Assert.Equal(code, refused.ToProblem().Code);
        return refused;
    }
}
