using System.Diagnostics;
using System.Security.Cryptography;
using Lineage.Agents.Launching;
using Lineage.Agents.Reporting;
using Lineage.Agents.Restoring;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Client;

/// <param name="Holder">Who holds the lease: this launcher.</param>
/// <param name="Policy">For a run that is registered now; null: the default, or what the run has.</param>
/// <param name="Parallel">Shards of the chosen chain that are checked at the same time.</param>
public sealed record RecoveryPortOptions(
    RunId Run, ActorId Holder, SavePolicy? Policy, IReadOnlyDictionary<string, string>? Labels, int Parallel)
{
    /// <summary>How long a reported finding may take to be on record before another choice is given up.</summary>
    public TimeSpan FindingPatience { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>
/// The launcher's questions, asked of the service. The chosen chain is checked deeply here, before any rank starts; damage is reported
/// and the service chooses again, until a point holds or none is left.
/// </summary>
/// <remarks>If the launcher dies in here, the lease runs out or is taken over by its next start; findings that were reported stay on
/// record.</remarks>
public sealed class RecoveryPort(
    RecoveryPortOptions options, LineageClient client, IFactPublisher publisher, ChainVerifier verifier, TimeProvider clock) : IRecoveryPort
{
    readonly FindingDelivery delivery = new(client, publisher, clock, options.FindingPatience);
    readonly UnreadPoints unread =
        new(client, publisher, verifier.ProbeAs(options.Holder, options.Parallel), clock, options.FindingPatience);

    public Task<PortAnswer> StartAsync(WorldSize worldSize, CancellationToken ct) => AnswerAsync(async () =>
    {
        var run = await client.RegisterRunAsync(new RegisterRun(options.Run, options.Policy, options.Labels), ct);
        if (run.Generation.Value > 0 || run.Origin is not null)
        {
            // A forked run never begins from the initial state: its first start restores the checkpoint that it was forked from.
            var cause = run.Generation.Value > 0 ? "resume" : $"fork of {run.Origin}";
            return await GrantAsync(
                new StartRecovery(options.Holder, worldSize, FailedGeneration: null, cause, [], ReachedStep: null), ct);
        }

        var started = clock.GetTimestamp();
        var lease = await client.TakeLeaseAsync(options.Run, new TakeLease(options.Holder, worldSize), ct);
        return new PortAnswer.Granted(
            lease.Generation, RestorePoint: null, lease.LeaseSeconds, Attempt: 1,
            "the run starts for the first time, from its initial state",
            clock.GetElapsedTime(started), TimeSpan.Zero);
    });

    public Task<PortAnswer> RecoverAsync(
        Generation failed, string cause, IReadOnlyList<Rank> failedRanks, Step? lastStep, CancellationToken ct) => AnswerAsync(async () =>
    {
        var run = await client.GetRunAsync(options.Run, ct);
        var world = run.WorldSize ?? throw new UnreachableException($"Run {options.Run} has generation {failed} and no world size.");
        return await GrantAsync(new StartRecovery(options.Holder, world, failed, cause, failedRanks, lastStep), ct);
    });

    public Task<PortAnswer> ChooseAgainAsync(Generation generation, int attempt, string reason, CancellationToken ct) =>
        AnswerAsync(async () =>
    {
        var started = clock.GetTimestamp();
        var recovery = new RecoveryId(options.Run, generation);
        var view = await delivery.ChooseAgainAsync(recovery, new ChooseAgain(options.Holder, attempt, reason), ct);
        return await CheckAsync(view, clock.GetElapsedTime(started), ct);
    });

    public async Task<LeaseStanding> RenewLeaseAsync(Generation generation, CancellationToken ct)
    {
        try
        {
            await client.RenewLeaseAsync(options.Run, generation, new RenewLease(options.Holder), ct);
            return LeaseStanding.Held;
        }
        catch (LineageProblemException e) when (!LineageClient.IsTransient(e.Problem))
        {
            return LeaseStandings.Of(e.Problem);
        }
        catch (LineageProblemException e)
        {
            throw new RecoveryPortUnreachableException(e.Problem.Detail, e);
        }
    }

    public Task CompleteAsync(Generation generation, Step finalStep, IReadOnlyList<ContentHash> stateDigests, CancellationToken ct) =>
        client.CompleteRunAsync(options.Run, new CompleteRun(generation, finalStep, Combine(stateDigests), options.Holder), ct);

    public Task ReleaseAsync(Generation generation, string reason, CancellationToken ct) =>
        client.ReleaseLeaseAsync(options.Run, generation, new ReleaseLease(options.Holder, reason), ct);

    /// <summary>SHA-256 over the 32 bytes of each rank's digest, in rank order.</summary>
    public static ContentHash Combine(IReadOnlyList<ContentHash> stateDigests) =>
        ContentHash.FromDigest(SHA256.HashData([.. stateDigests.SelectMany(static digest => digest.ToBytes())]));

    async Task<PortAnswer> GrantAsync(StartRecovery body, CancellationToken ct)
    {
        await unread.VerifyAsync(options.Run, body.WorldSize, ct);
        var started = clock.GetTimestamp();
        var view = await client.StartRecoveryAsync(options.Run, body, ct);
        return await CheckAsync(view, clock.GetElapsedTime(started), ct);
    }

    /// <summary>Checks what was chosen; reports damage and asks again until a point holds.</summary>
    async Task<PortAnswer> CheckAsync(RecoveryView view, TimeSpan decide, CancellationToken ct)
    {
        var verify = TimeSpan.Zero;
        while (true)
        {
            if (view.Phase == RecoveryPhase.Failed || view.Lease is not { } lease) return NoPoint(view);
            if (view.Chosen is null || view.Chain is null) return Granted(view, lease, decide, verify);
            var check = await VerifyAsync(view.Chain, lease, ct);
            verify += check.Took;
            if (check.IsIntact) return Granted(view, lease, decide, verify);
            var asked = clock.GetTimestamp();
            view = await delivery.ReportAndChooseAgainAsync(view, check, options.Holder, ct);
            decide += clock.GetElapsedTime(asked);
        }
    }

    /// <summary>A large chain takes longer to read than a lease lasts, so the lease is kept alive meanwhile.</summary>
    async Task<ChainCheck> VerifyAsync(ChainView chain, LeaseView lease, CancellationToken ct)
    {
        var check = verifier.VerifyAsync(chain, options.Parallel, ct);
        var third = TimeSpan.FromSeconds(Math.Max(1, lease.LeaseSeconds / 3.0));
        while (await Task.WhenAny(check, Task.Delay(third, clock, ct)) != check) await RenewIfPossibleAsync(lease.Generation, ct);
        return await check;
    }

    async Task RenewIfPossibleAsync(Generation generation, CancellationToken ct)
    {
        try
        {
            await RenewLeaseAsync(generation, ct);
        }
        catch (RecoveryPortUnreachableException)
        {
            // The check goes on: a lease that runs out fences nobody, and the next request says whether the service is back.
        }
    }

    static PortAnswer.Granted Granted(RecoveryView view, LeaseView lease, TimeSpan decide, TimeSpan verify) =>
        new(lease.Generation, view.Chosen, lease.LeaseSeconds, view.Attempt, view.Why, decide, verify);

    static PortAnswer.Refused NoPoint(RecoveryView view) => new(
        ProblemCodes.NoRestorePoint,
        $"Recovery {view.Recovery} found no point to restore: {view.FailureReason ?? view.Why} Nothing was started. " +
        $"See why each candidate was rejected: lineage restore-point list {view.Recovery.Run} --explain",
        ExitCodes.NoRestorePoint);

    static async Task<PortAnswer> AnswerAsync(Func<Task<PortAnswer>> ask)
    {
        try
        {
            return await ask();
        }
        catch (LineageProblemException e) when (!LineageClient.IsTransient(e.Problem))
        {
            return new PortAnswer.Refused(e.Code, e.Problem.Detail, ExitCodeOf(e.Code));
        }
        catch (LineageProblemException e)
        {
            throw new RecoveryPortUnreachableException(e.Problem.Detail, e);
        }
    }

    static int ExitCodeOf(string code) => code switch
    {
        ProblemCodes.NoRestorePoint => ExitCodes.NoRestorePoint,
        ProblemCodes.LeaseHeld or ProblemCodes.StaleGeneration => ExitCodes.ConcurrentChange,
        ProblemCodes.NoSuchRun => ExitCodes.NotFound,
        _ => ExitCodes.Failed,
    };
}
