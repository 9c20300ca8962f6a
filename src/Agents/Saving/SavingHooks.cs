using Lineage.Agents.Capture;
using Lineage.Agents.Client;
using Lineage.Agents.Restoring;
using Lineage.Agents.Telemetry;
using Lineage.Agents.Tiers;
using Lineage.Agents.Training;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Saving;

/// <summary>The saving and restoring library as a training rank sees it. Owns all that it was opened with.</summary>
public sealed class SavingHooks : IRankHooks
{
    static readonly TimeSpan FindingPatience = TimeSpan.FromSeconds(10), MetricsPatience = TimeSpan.FromSeconds(5);

    readonly SaverOptions options;
    readonly LineageClient client;
    readonly SaverParts parts;
    readonly Saver saver;
    readonly MetricsRecorder metrics;
    readonly SeriesTeller series;
    readonly IReadOnlyList<IAsyncDisposable> owned;

    internal SavingHooks(
        SaverOptions options, LineageClient client, SaverParts parts, MetricsRecorder metrics, SeriesTeller series,
        IReadOnlyList<IAsyncDisposable> owned)
    {
        this.options = options;
        this.client = client;
        this.parts = parts = parts with { OnSealed = metrics.Sealed };
        this.metrics = metrics;
        this.series = series;
        this.owned = owned;
        saver = new Saver(options, parts);
    }

    RecoveryId Recovery => new(options.Run, options.Generation);

    public async Task<RestoreOutcome> RestoreAsync(IRankState state, CheckpointId restorePoint, CancellationToken ct)
    {
        using var trace = AgentTelemetry.Start("rank.restore", AgentTelemetry.CorrelationOf(Recovery), Recovery);
        try
        {
            var plan = await client.GetChainAsync(restorePoint, ct);
            var restored = parts.Restorer.Restore(state, plan, options.Rank, ct);
            AgentTelemetry.RestoreSeconds.Record(restored.Took.TotalSeconds);
            AgentTelemetry.RestoredBytes.Add(restored.ReadBytes);
            await ReportRestoredAsync(state, restorePoint, restored.ReadBytes, restored.Took, ct);
            return new RestoreOutcome(restorePoint, restored.ReadBytes);
        }
        catch (ShardDamagedException e)
        {
            await ReportDamageAsync(e, ct);
            throw new RankRefusedException(ProblemCodes.ShardDamaged, ExitCodes.FoundDamage, e.Message, e);
        }
        catch (LineageProblemException e)
        {
            throw new RankRefusedException(e.Code, ExitCodeOf(e.Code), e.Problem.Detail, e);
        }
    }

    public async Task StartedFromInitialStateAsync(IRankState state, CancellationToken ct)
    {
        using var trace = AgentTelemetry.Start("rank.restore", AgentTelemetry.CorrelationOf(Recovery), Recovery);
        try
        {
            await ReportRestoredAsync(state, checkpoint: null, readBytes: 0, TimeSpan.Zero, ct);
        }
        catch (LineageProblemException e) when (e.Code is ProblemCodes.NoSuchRecovery or ProblemCodes.NotFound)
        {
            // The first generation of a run begins with a lease and no recovery: there is nothing to complete.
        }
        catch (LineageProblemException e)
        {
            throw new RankRefusedException(e.Code, ExitCodeOf(e.Code), e.Problem.Detail, e);
        }
    }

    public void Stepped(Step step, string name, double? value) => series.Add(new SeriesPoint(options.Generation, step, name, value));

    public void Measured(Step step, IReadOnlyDictionary<string, double?> metrics) => this.metrics.Measured(step, metrics);

    public ValueTask SaveAsync(IRankState state, Step step, bool final, CancellationToken ct) => saver.SaveAsync(state, step, final, ct);

    public async Task DrainAsync(CancellationToken ct)
    {
        await saver.DrainAsync(ct);
        await metrics.DrainAsync(MetricsPatience, parts.Clock, ct);
        await series.DrainAsync(MetricsPatience, ct);
    }

    /// <summary>Figures of this process so far.</summary>
    public (int Sealed, int Failed) Saves => (saver.SealedSaves, saver.FailedSaves);

    Task<RecoveryView> ReportRestoredAsync(
        IRankState state, CheckpointId? checkpoint, long readBytes, TimeSpan took, CancellationToken ct) =>
        client.ReportRankRestoredAsync(
            Recovery, options.Rank,
            new ReportRankRestored(
                checkpoint, readBytes, parts.Tier.Name, StateDigest.Of(state), (long)took.TotalMilliseconds, options.Actor),
            ct);

    /// <summary>
    /// The finding is durable before this process ends, and told at once if the service is there: the launcher chooses again next.
    /// </summary>
    async Task ReportDamageAsync(ShardDamagedException damaged, CancellationToken ct)
    {
        var fact = FindingReports.Of(damaged.Shard, damaged.Found, options.Actor, AgentTelemetry.CorrelationOf(Recovery));
        await parts.Outbox.AddAsync(fact, NoSteps.Instance, ct);
        parts.Pump.Added(fact);
        await parts.Pump.DrainAsync(FindingPatience, ct);
    }

    static int ExitCodeOf(string code) => code switch
    {
        ProblemCodes.StaleGeneration => ExitCodes.Fenced,
        ProblemCodes.ServerUnreachable => ExitCodes.ServerUnreachable,
        ProblemCodes.ShardDamaged => ExitCodes.FoundDamage,
        _ => ExitCodes.Failed,
    };

    public async ValueTask DisposeAsync()
    {
        await saver.DisposeAsync();
        await metrics.DisposeAsync();
        await series.DisposeAsync();
        foreach (var part in owned) await part.DisposeAsync();
        client.Dispose();
    }
}
