using System.Net;
using System.Text.Json;
using Lineage.Agents.Client;
using Lineage.Agents.Keeping;
using Lineage.Agents.Tiers;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Retention;
using Lineage.Tests.Property.Client;
using Lineage.Tests.Property.Saving;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Keeping;

/// <summary>
/// Expired and kept checkpoints with their objects in a real directory, behind a service that decides as the real one does. The process can
/// be stopped at any step: before or after the service heard a request, before or after an object was deleted.
/// </summary>
sealed class ReclaimWorld : IDisposable
{
    static readonly ActorId Who = ActorId.Parse("keeper:test");
    readonly TempDirectory directory = new();
    readonly Dictionary<CheckpointId, Checkpoint> checkpoints = [];
    readonly AnswerScript service;
    int steps, stopAt = int.MaxValue;

    public ReclaimWorld(params Checkpoint[] all)
    {
        Tier = new LocalDirectoryTier(directory["store"]);
        foreach (var checkpoint in all)
        {
            checkpoints[checkpoint.Id] = checkpoint;
            foreach (var shard in checkpoint.Shards.Values.Where(static shard => shard.Stored.Count > 0))
                Put(shard.Stored[0].ObjectKey, (int)shard.Stored[0].StoredBytes);
            if (checkpoint.IsSealed) Put(ObjectKeys.Manifest(checkpoint.Id), 77);
        }

        service = new AnswerScript(Answer);
    }

    public LocalDirectoryTier Tier { get; }

    public List<object> Events { get; } = [];

    public List<string> Said { get; } = [];

    public Checkpoint this[CheckpointId id] => checkpoints[id];

    /// <summary>Steps that were taken so far, of all keepers.</summary>
    public int Steps => steps;

    public void Put(string key, int bytes) =>
        Tier.PutAsync(key, (stream, ct) => stream.WriteAsync(new byte[bytes], ct), NoSteps.Instance, CancellationToken.None)
            .GetAwaiter().GetResult();

    /// <summary>One round of a new keeper, which is stopped after so many steps.</summary>
    public async Task<ReclaimRound> RoundAsync(int stopAfter = int.MaxValue)
    {
        (steps, stopAt) = (0, stopAfter);
        using var client = new LineageClient(
            new ClientOptions(new Uri("http://lineage.test"), Who) { RetriesMax = 0 }, TimeProvider.System, service);
        return await new Reclaimer(Who, client, new SteppedTier(Tier, Step), Said.Add).RoundAsync(CancellationToken.None);
    }

    void Step()
    {
        if (steps++ == stopAt) throw new StoppedException();
    }

    (HttpStatusCode, object?) Answer(HttpRequestMessage request, string? body)
    {
        Step();
        var answer = Decide(request.Method.Method, request.RequestUri!.AbsolutePath, body);
        Step();
        return answer;
    }

    (HttpStatusCode, object?) Decide(string method, string path, string? body)
    {
        if (path == "/v1/retention/runs") return (HttpStatusCode.OK, new Page<RetainedRun>([], Next: null));
        if (path == "/v1/reclaim/pending")
            return (HttpStatusCode.OK, new Page<ReclaimWork>(
                [.. checkpoints.Values.Where(IsPending).OrderByDescending(static c => c.Id.Step).Select(RetentionViews.Work)], Next: null));
        var id = CheckpointId.Parse(string.Join('/', path.Split('/')[3..6]));
        var needs = checkpoints.Values.Where(c => c.Opened.Base?.Checkpoint == id && c.Phase != CheckpointPhase.Reclaimed)
            .Select(static c => new KeepReason(KeepRule.BaseOf, $"base of {c.Id}")).ToList();
        var report = method == "PUT" ? JsonSerializer.Deserialize<ReportReclaimed>(body!, CanonicalJson.Options)! : null;
        var decision = RetentionDecider.Decide(checkpoints[id], report is null
            ? new RetentionCommand.StartReclaim(id, Who, needs, At(5_000))
            : new RetentionCommand.Reclaimed(id, report.Ranks, report.Bytes, report.Tier, At(5_001)));
        if (decision is Decision.Refused refused) return ((HttpStatusCode)refused.Status, refused.ToProblem());
        foreach (var e in decision is Decision.Accepted accepted ? accepted.Events : [])
        {
            Events.Add(e);
            checkpoints[id] = Checkpoint.Fold(checkpoints[id], e)!;
        }

        return (HttpStatusCode.OK, report is null ? RetentionViews.Work(checkpoints[id]) : CheckpointViews.View(checkpoints[id], 1));
    }

    static bool IsPending(Checkpoint c) => (c.Ending is not null || c.Abandoned is not null) && c.Ending?.Reclaimed is null;

    public void Dispose()
    {
        service.Dispose();
        directory.Dispose();
    }

    /// <summary>As if the process had been killed.</summary>
    public sealed class StoppedException : Exception;

    sealed class SteppedTier(LocalDirectoryTier tier, Action step) : ITier
    {
        public string Name => tier.Name;

        public bool Delete(string key)
        {
            step();
            var deleted = tier.Delete(key);
            step();
            return deleted;
        }

        public long? SizeOf(string key) => tier.SizeOf(key);

        public int CleanLeftovers() => tier.CleanLeftovers();

        public IReadOnlyList<string> List(string prefix) => tier.List(prefix);

        public Stream OpenRead(string key, ReadIntent intent = ReadIntent.Use) => tier.OpenRead(key, intent);

        public Task<long> PutAsync(
            string key, Func<Stream, CancellationToken, ValueTask> write, IDurableSteps steps, CancellationToken ct) =>
            tier.PutAsync(key, write, steps, ct);
    }
}
