using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Telemetry;
using Marten;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace Lineage.Store;

/// <summary>A decision with the stream that it was about.</summary>
public sealed record Decided(string Stream, Decision Decision)
{
    /// <summary>The stream whose version an If-Match names, where it is not the one that was decided on.</summary>
    public string Guarded { get; init; } = Stream;
}

/// <summary>
/// The one way to change anything: load, decide, append, commit. When another writer was faster, or when it is unknown whether the commit
/// took effect, the state is read again and decided again; the aggregate itself says AlreadyDone if it did.
/// </summary>
public sealed partial class Ledger
{
    /// <summary>
    /// A lost race costs milliseconds and ends soon; a database that is away is better answered with 503 than waited for.
    /// </summary>
    const int RacesMax = 20, OutagesMax = 3;

    readonly IDocumentStore store;
    readonly TimeProvider clock;
    readonly ResiliencePipeline again;

    public Ledger(IDocumentStore store, TimeProvider clock, ILogger<Ledger> log)
    {
        (this.store, this.clock) = (store, clock);
        again = new ResiliencePipelineBuilder { TimeProvider = clock }
            .AddRetry(Again<StoreUnavailableException>(log, OutagesMax, TimeSpan.FromMilliseconds(50)))
            .AddRetry(Again<ConcurrentChangeException>(log, RacesMax, TimeSpan.FromMilliseconds(4)))
            .Build();
    }

    static RetryStrategyOptions Again<T>(ILogger log, int attemptsMax, TimeSpan delay) where T : Exception => new()
    {
        ShouldHandle = new PredicateBuilder().Handle<T>(),
        MaxRetryAttempts = attemptsMax,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        Delay = delay,
        MaxDelay = TimeSpan.FromMilliseconds(250),
        OnRetry = retry =>
        {
            LogAgain(log, retry.AttemptNumber, retry.Outcome.Exception?.Message ?? "");
            return default;
        },
    };

    /// <summary>Decides on one stream and appends what the decision says.</summary>
    /// <exception cref="ConcurrentChangeException">Other writers were faster every time.</exception>
    /// <exception cref="StoreUnavailableException">The database did not answer; whether anything was committed is unknown.</exception>
    public Task<Decision> DecideAsync(
        string useCase, RunId run, CommandContext context, Func<LedgerSession, CancellationToken, Task<Decided>> decide,
        CancellationToken ct) =>
        ExecuteAsync(useCase, async (session, token) =>
        {
            var decided = await decide(session, token);
            var decision = await session.GuardAsync(decided, context, token);
            session.Apply(decided.Stream, run, decision, context);
            return decision;
        }, ct);

    /// <summary>Runs <paramref name="work"/> and commits what it appended.</summary>
    /// <inheritdoc cref="DecideAsync"/>
    public async Task<T> ExecuteAsync<T>(string useCase, Func<LedgerSession, CancellationToken, Task<T>> work, CancellationToken ct)
    {
        using var activity = LineageTelemetry.Source.StartActivity(useCase);
        var started = clock.GetTimestamp();
        try
        {
            return await again.ExecuteAsync(async token => await AttemptAsync(work, token), ct);
        }
        finally
        {
            LineageTelemetry.UseCaseSeconds.Record(clock.GetElapsedTime(started).TotalSeconds,
                new KeyValuePair<string, object?>("use_case", useCase));
        }
    }

    async Task<T> AttemptAsync<T>(Func<LedgerSession, CancellationToken, Task<T>> work, CancellationToken ct)
    {
        try
        {
            return await OnceAsync(work, RunHold.Optimistic, ct);
        }
        catch (NeedsExclusiveRunException)
        {
            return await OnceAsync(work, RunHold.Exclusive, ct);
        }
    }

    async Task<T> OnceAsync<T>(Func<LedgerSession, CancellationToken, Task<T>> work, RunHold stronger, CancellationToken ct)
    {
        try
        {
            await using var session = store.LightweightSession();

            // Marten would fill an absent correlation from the ambient trace when it saves, after the event's link was made without it.
            (session.CorrelationId, session.CausationId) = (null, null);
            var attempt = new LedgerSession(session, clock.GetUtcNow(), stronger);
            var result = await work(attempt, ct);
            await attempt.CommitAsync(ct);
            return result;
        }
        catch (Exception e) when (StoreFailure.Classify(e) is ConcurrentChangeException or StoreUnavailableException)
        {
            throw StoreFailure.Classify(e)!;
        }
    }

    [LoggerMessage(1101, LogLevel.Debug, "Attempt {Attempt} was not committed and is decided again: {Reason}")]
    static partial void LogAgain(ILogger log, int attempt, string reason);
}
