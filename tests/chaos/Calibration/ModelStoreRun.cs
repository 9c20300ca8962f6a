using Lineage.ChaosHarness.Simulation;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Chaos.Calibration;

/// <summary>The script on the model: whoever comes first in a round is drawn.</summary>
sealed class ModelStoreRun(Random random)
{
    static readonly DateTimeOffset At = DateTimeOffset.UnixEpoch.AddYears(56);

    readonly ModelStore store = new();
    readonly List<CommitAttempt> attempts = [];

    public IReadOnlyList<CommitAttempt> Attempts => attempts;

    public IReadOnlyDictionary<string, IReadOnlyList<HeldEvent>> Held() => StoreScript.Streams.ToDictionary(
        static stream => stream,
        stream => (IReadOnlyList<HeldEvent>)[.. store.Find(stream)!.Events.Select(static e => new HeldEvent(
            e.Version, e.Body is StaleGenerationRefused refused ? refused.Attempt : "begin"))],
        StringComparer.Ordinal);

    public void Play(IReadOnlyList<IReadOnlyList<CommitPlan>> script)
    {
        foreach (var stream in StoreScript.Streams) store.Commit([], [(stream, Begin(stream))], atMs: 0);
        foreach (var round in script)
        {
            var read = StoreScript.Streams.ToDictionary(static stream => stream, store.VersionOf, StringComparer.Ordinal);
            foreach (var plan in round.OrderBy(_ => random.Next()).ToList()) Try(plan, read);
        }
    }

    void Try(CommitPlan plan, Dictionary<string, long> read)
    {
        (store.KilledConnections, store.UnknownCommits) = plan.Fault switch
        {
            CommitFault.KilledBefore or CommitFault.KilledDuring => (1, 0),
            CommitFault.AnswerLost => (0, 1),
            _ => (0, 0),
        };
        var appends = plan.Streams.Select(stream => (stream, read[stream])).ToList();
        var outcome = store.Commit(appends, [.. plan.Streams.Select(stream => (stream, Mark(stream, plan.Id)))], atMs: 0);
        attempts.Add(new CommitAttempt(plan.Id, appends, outcome switch
        {
            CommitOutcome.Committed => CommitAnswer.Committed,
            CommitOutcome.Conflict => CommitAnswer.Conflict,
            _ => CommitAnswer.None,
        }));
    }

    public static RunId RunOf(string stream) => RunId.Parse(stream["run/".Length..]);

    public static object Begin(string stream) => new RunRegistered(
        RunOf(stream), SavePolicy.Default, new Dictionary<string, string>(StringComparer.Ordinal), At);

    /// <summary>An event that says which transaction wrote it.</summary>
    public static object Mark(string stream, string attempt) => new StaleGenerationRefused(
        RunOf(stream), new Generation(1), new Generation(2), ActorId.Parse("calibration"), Rank: null, attempt, Checkpoint: null, At);
}
