using Lineage.Agents.Client;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.Tests.Service.Worlds;

/// <summary>The steps of a run's life as ranks, launcher and keeper would take them, with bytes made up from the identities.</summary>
public sealed class Story(LineageClient client, RunId run, WorldSize world)
{
    const long FullBytes = 1_234;

    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static ContentHash Layout { get; } = Hash("layout");

    public RunId Run => run;

    public static async Task<Story> BeginAsync(LineageClient client, string name, int world = 2, SavePolicy? policy = null)
    {
        var story = new Story(client, RunId.Parse(name), new WorldSize(world));
        await client.RegisterRunAsync(new RegisterRun(story.Run, policy,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["model"] = "tiny" }), default);
        await client.TakeLeaseAsync(story.Run, new TakeLease(client.Actor, new WorldSize(world)), default);
        return story;
    }

    public CheckpointId Id(long step, long generation = 1) => new(run, new Generation(generation), new Step(step));

    public Task<SavePlan> OpenAsync(CheckpointId id, int rank = 0) =>
        client.OpenCheckpointAsync(id, new OpenCheckpoint(world, Layout, RankActor(id, rank), "save-1"), default);

    /// <param name="deltaBytes">What a rank stores for an incremental; by default half of a full one.</param>
    public IReadOnlyList<FactMessage> ReportsOf(SavePlan plan, long deltaBytes = FullBytes / 2) =>
        [.. world.Ranks.SelectMany(rank => ReportsOf(plan, rank, deltaBytes))];

    public static IReadOnlyList<FactMessage> ReportsOf(SavePlan plan, Rank rank, long deltaBytes = FullBytes / 2)
    {
        var id = plan.Checkpoint;
        var figures = new DiffFigures(
            plan.Base is { } edge ? Hash($"shard {edge.Checkpoint}/{rank}") : null, 4_000, 1_000, new ChunkModeCounts(1, 2, 0, 3, 4), 1_500,
            300);
        return
        [
            new ShardDiffReported
            {
                Id = MessageId.Derive("diff", id.ToString(), rank.ToString()), Checkpoint = id, Rank = rank, Actor =
                    RankActor(id, rank.Value), Correlation = "save-1", Diff = figures,
            },
            new ShardStoreReported
            {
                Id = MessageId.Derive("store", id.ToString(), rank.ToString()), Checkpoint = id, Rank = rank, Actor =
                    RankActor(id, rank.Value), Correlation = "save-1",
                Diff = figures, Root = Hash($"shard {id}/{rank}"),
                StoredBytes = plan.Base is null ? FullBytes : deltaBytes, Tier = "local", ObjectKey =
                    ObjectKeys.Shard(new ShardId(id, rank)),
            },
        ];
    }

    public IReadOnlyList<FactMessage> FindingsOf(CheckpointId id, Finding finding = Finding.Intact) =>
        [.. world.Ranks.Select(rank => new ShardVerificationReported
    {
        Id = MessageId.Derive("verify", id.ToString(), rank.ToString(), finding.ToString()),
        Checkpoint = id,
        Rank = rank,
        Actor = ActorId.Parse("keeper:test"),
        Correlation = "verify-1",
        Finding = finding,
        Depth = VerificationDepth.Deep,
        Root = Hash($"shard {id}/{rank}"),
        Detail = finding == Finding.Intact ? null : "chunk 3 of w.0",
        ReadBytes = FullBytes,
    })];

    public Task PostAsync(IReadOnlyList<FactMessage> facts) => client.PostFactsAsync(new FactBatch(facts), default);

    public async Task<CheckpointView> SaveAsync(long step, long generation = 1, long deltaBytes = FullBytes / 2)
    {
        var plan = await OpenAsync(Id(step, generation));
        await PostAsync(ReportsOf(plan, deltaBytes));
        return await UntilAsync(plan.Checkpoint, CheckpointPhase.Sealed);
    }

    public async Task<CheckpointView> SaveAndVerifyAsync(long step, long generation = 1)
    {
        var saved = await SaveAsync(step, generation);
        await PostAsync(FindingsOf(saved.Checkpoint));
        return await UntilAsync(saved.Checkpoint, CheckpointPhase.Verified);
    }

    public Task<CheckpointView> UntilAsync(CheckpointId id, CheckpointPhase phase) =>
        UntilAsync(() => client.GetCheckpointAsync(id, default), view => view.Phase == phase, $"{id} becomes {phase}");

    static string Told<T>(T answer) =>
        answer is System.Collections.IEnumerable many and not string ? string.Join('\n', many.Cast<object>()) : $"{answer}";

    /// <summary>Asks again and again until what is awaited holds; fails with the last answer.</summary>
    public static async Task<T> UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> holds, string what)
    {
        var until = TimeProvider.System.GetUtcNow() + Patience;
        while (true)
        {
            var answer = await ask();
            if (holds(answer)) return answer;
            if (TimeProvider.System.GetUtcNow() > until)
                throw new TimeoutException($"Waited {Patience.TotalSeconds:N0} s until {what}; last answer: {Told(answer)}");
            await Task.Delay(TimeSpan.FromMilliseconds(30), TimeProvider.System);
        }
    }

    public async Task<IReadOnlyList<LogEntry>> LogAsync()
    {
        var entries = new List<LogEntry>();
        for (string? after = null; ;)
        {
            var page = await client.LogAsync(run, after, 50, default);
            entries.AddRange(page.Items);
            if (page.Next is not { } next) return entries;
            after = next;
        }
    }

    public static ContentHash Hash(string text) => ContentHash.Of(System.Text.Encoding.UTF8.GetBytes(text));

    public static ActorId RankActor(CheckpointId id, int rank) => ActorId.Parse($"rank:{id.Run}/{id.Generation}/{rank}");
}
