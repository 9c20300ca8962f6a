using System.Diagnostics;
using Lineage.Agents.Capture;
using Lineage.Agents.Client;
using Lineage.Agents.Reporting;
using Lineage.Agents.Restoring;
using Lineage.Agents.Shards;
using Lineage.Agents.Telemetry;
using Lineage.Agents.Tiers;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.Agents.Saving;

/// <summary>What a save works with. Shared by all saves of a rank.</summary>
/// <param name="Report">One line for the rank's log.</param>
public sealed record SaverParts(
    ICheckpointPort Service, ITier Tier, Outbox Outbox, OutboxPump Pump, Restorer Restorer, TimeProvider Clock, IDurableSteps Steps,
    Action<string> Report, LayoutVoice? Layouts = null)
{
    /// <summary>Told of every checkpoint that this rank saw sealed; must return at once.</summary>
    public Action<CheckpointId>? OnSealed { get; init; }
}

/// <summary>Carries one captured state through <see cref="SaveStep"/>: does each effect and feeds the result back.</summary>
sealed class SaveRun(SaverOptions options, SaverParts parts, BaseSlot bases, CapturedState captured, Step step, long startedAt)
{
    readonly CheckpointId checkpoint = new(options.Run, options.Generation, step);
    readonly string correlation = AgentTelemetry.CorrelationOf(new CheckpointId(options.Run, options.Generation, step));
    readonly SteadyClock steady = SteadyClock.Over(parts.Clock);
    ShardWritten? written;
    ContentHash? baseRoot;
    long encodeMicroseconds;
    long? durableMicroseconds;

    /// <summary>Always ends; the outcome says how.</summary>
    public async Task<(SaveState.Ended End, SaveRecord Record)> RunAsync(long waitMicroseconds, CancellationToken ct)
    {
        using var trace = AgentTelemetry.Start("checkpoint.save", correlation, checkpoint, parts.Clock.GetUtcNow() - Since());
        trace.SetTag("lineage.rank", options.Rank.Value).SetTag("lineage.stall.us", captured.StallMicroseconds);
        var (state, effect) = SaveStep.Begin(options.Bounds, steady.GetUtcNow());
        while (effect is not SaveEffect.End)
        {
            var input = await DoAsync(effect, ct);
            (state, effect) = SaveStep.Next(state, input, options.Bounds, steady.GetUtcNow());
        }

        var end = (SaveState.Ended)state;
        if (end.Outcome == SaveOutcome.Sealed) parts.Steps.Reached(DurableStep.Closed);
        trace.SetTag("lineage.outcome", end.Outcome.ToString()).SetTag("lineage.code", end.Problem?.Code);
        var record = new SaveRecord(
            step, options.Generation, end.Plan?.Kind, captured.StallMicroseconds, waitMicroseconds, captured.RawBytes,
            written?.StoredBytes ?? 0, encodeMicroseconds, durableMicroseconds, Elapsed(), end.Outcome,
            end.Problem?.Code, end.Problem?.Detail);
        Measure(record);
        return (end, record);
    }

    static void Measure(SaveRecord record)
    {
        const double micro = 1e-6;
        var kind = new KeyValuePair<string, object?>("kind", record.Kind?.ToString().ToLowerInvariant() ?? "none");
        AgentTelemetry.StallSeconds.Record(record.StallMicroseconds * micro, kind);
        AgentTelemetry.RawBytes.Add(record.RawBytes, kind);
        AgentTelemetry.StoredBytes.Add(record.StoredBytes, kind);
        if (record.EncodeMicroseconds > 0) AgentTelemetry.EncodeSeconds.Record(record.EncodeMicroseconds * micro, kind);
        if (record.DurableMicroseconds is { } durable) AgentTelemetry.DurableSeconds.Record(durable * micro, kind);
        AgentTelemetry.SaveSeconds.Record(
            record.ClosedMicroseconds * micro, kind, new("outcome", record.Outcome.ToString().ToLowerInvariant()));
    }

    /// <summary>The root that this rank's shard has in the tier; null if it was not stored.</summary>
    public ContentHash? Root => written?.Root;

    async Task<SaveInput> DoAsync(SaveEffect effect, CancellationToken ct)
    {
        using var span = effect is SaveEffect.Wait ? null
            : AgentTelemetry.Source.StartActivity($"checkpoint.{effect.GetType().Name.ToLowerInvariant()}");
        try
        {
            return effect switch
            {
                SaveEffect.Open => await OpenAsync(ct),
                SaveEffect.Wait wait => await WaitAsync(wait.Time, ct),
                SaveEffect.Store store => await StoreAsync(store.Plan, ct),
                SaveEffect.Report => await ReportAsync(ct),
                SaveEffect.Look => await LookAsync(ct),
                SaveEffect.Tell tell => await TellAsync(tell.Problem, ct),
                _ => throw new UnreachableException(),
            };
        }
        catch (LineageProblemException e)
        {
            return effect switch
            {
                SaveEffect.Open => new SaveInput.OpenFailed(e.Problem),
                SaveEffect.Look => new SaveInput.Unseen(e.Problem),
                SaveEffect.Tell => new SaveInput.Untold(e.Problem),
                _ => new SaveInput.LocalFailure(e.Problem),
            };
        }
        catch (Exception e) when (effect is SaveEffect.Store or SaveEffect.Report && SaveFailures.ProblemOf(e, checkpoint) is { } problem)
        {
            if (e is ShardDamagedException damaged) await ReportDamageAsync(damaged, ct);
            return new SaveInput.LocalFailure(problem);
        }
    }

    async Task<SaveInput> OpenAsync(CancellationToken ct)
    {
        var layout = LayoutDigest.Of(options.WorldSize, captured.Tensors);
        var body = new OpenCheckpoint(options.WorldSize, layout, options.Actor, correlation);
        var plan = await parts.Service.OpenAsync(checkpoint, body, ct);
        parts.Steps.Reached(DurableStep.Opened);
        if (parts.Layouts is { } voice) await voice.TellAsync(options.Rank, options.WorldSize, layout, captured.Tensors, ct);
        return new SaveInput.Opened(plan);
    }

    async Task<SaveInput> WaitAsync(TimeSpan time, CancellationToken ct)
    {
        await Task.Delay(time, parts.Clock, ct);
        return new SaveInput.Waited();
    }

    async Task<SaveInput> StoreAsync(SavePlan plan, CancellationToken ct)
    {
        var shard = new ShardId(checkpoint, options.Rank);
        var below = plan.Base is { } link ? await bases.GetAsync(link, parts, options.Rank, ct) : null;
        baseRoot = below?.ShardRoot;
        var identity = new ShardIdentity(
            shard, options.WorldSize, LayoutDigest.Of(options.WorldSize, captured.Tensors),
            plan.Base is { } edge ? new BaseShard(edge.Checkpoint, edge.ManifestHash, below!.ShardRoot!.Value) : null);
        await parts.Tier.PutAsync(ObjectKeys.Shard(shard), (stream, token) => Encode(stream, identity, below, token), parts.Steps, ct);
        durableMicroseconds = Elapsed();
        captured.StoredAs(written!.Root);
        return new SaveInput.Stored();
    }

    ValueTask Encode(Stream stream, ShardIdentity identity, ITensorBytes? below, CancellationToken ct)
    {
        var started = parts.Clock.GetTimestamp();
        written = ShardWriter.Write(stream, identity, captured, below, options.Preset, ct);
        encodeMicroseconds = (long)parts.Clock.GetElapsedTime(started).TotalMicroseconds;
        return ValueTask.CompletedTask;
    }

    async Task<SaveInput> ReportAsync(CancellationToken ct)
    {
        var stored = written!;
        var shard = new ShardId(checkpoint, options.Rank);
        var fact = new ShardStoreReported
        {
            Id = FactStanding.NameOf("shard-store", shard, stored.Root.ToString(), parts.Tier.Name),
            Checkpoint = checkpoint,
            Rank = options.Rank,
            Actor = options.Actor,
            Correlation = correlation,
            Diff = new DiffFigures(
                baseRoot, stored.RawBytes, stored.EncodedBytes, stored.Modes, encodeMicroseconds, captured.StallMicroseconds),
            Root = stored.Root,
            StoredBytes = stored.StoredBytes,
            Tier = parts.Tier.Name,
            ObjectKey = ObjectKeys.Shard(shard),
        };
        await parts.Outbox.AddAsync(fact, parts.Steps, ct);
        parts.Pump.Added(fact);
        return new SaveInput.Reported();
    }

    async Task<SaveInput> LookAsync(CancellationToken ct)
    {
        var view = await parts.Service.ReadAsync(checkpoint, ct);
        parts.Pump.Observe(view);
        return new SaveInput.Seen(view);
    }

    async Task<SaveInput> TellAsync(Problem problem, CancellationToken ct)
    {
        var body = new ReportRankFailure(options.Actor, correlation, problem.Code, problem.Detail);
        await parts.Service.FailAsync(checkpoint, options.Rank, body, ct);
        return new SaveInput.Told();
    }

    async Task ReportDamageAsync(ShardDamagedException damaged, CancellationToken ct)
    {
        var fact = FindingReports.Of(damaged.Shard, damaged.Found, options.Actor, correlation);
        await parts.Outbox.AddAsync(fact, NoSteps.Instance, ct);
        parts.Pump.Added(fact);
    }

    TimeSpan Since() => parts.Clock.GetElapsedTime(startedAt);

    long Elapsed() => (long)Since().TotalMicroseconds;
}
