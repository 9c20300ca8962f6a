using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Decisions;
using Lineage.Retention;

namespace Lineage.Store;

/// <summary>An answer, or why there is none.</summary>
public readonly record struct Answered<T>(T? Value, Decision.Refused? Refused) where T : class;

/// <summary>
/// Carries out what retention decides. Everything here holds the run exclusively while it reads and decides: saves are opened under a
/// shared hold of it, recoveries are started under an exclusive one, so nothing can begin to need a checkpoint between the look and the
/// commit (docs/adr/0014).
/// </summary>
/// <remarks>A server that dies in the middle leaves whole transactions: some checkpoints of a plan expired and the others not, and the
/// next plan finds those.</remarks>
public sealed class RetentionLedger(Ledger ledger, RetentionReader reader, TimeProvider clock)
{
    /// <summary>Checkpoints expired in one transaction: saves of the run wait for so many, a tenth of a second or so.</summary>
    public const int BatchMax = 50;

    public async Task<Answered<RetentionPlan>> PlanAsync(RunId run, Func<RetentionPolicy?, RetentionPolicy?> adjust, CancellationToken ct)
    {
        if (await reader.ReadAsync(run, ct) is not { } standing) return new(null, Refusals.NoSuchRun(run));
        var policy = adjust(standing.Run.Retention);
        return policy?.Objection() is { } objection
            ? new(null, Refusals.BadRequest($"A plan for run {run} with this policy cannot be made: {objection}"))
            : new(RetentionPlanner.Plan(standing, policy, clock.GetUtcNow()), null);
    }

    /// <summary>What one transaction did.</summary>
    /// <param name="Agreed">What the plan that was looked at expires; null if it was applied before.</param>
    sealed record Step(Decision.Refused? Refused, IReadOnlySet<CheckpointId>? Agreed, bool Again);

    public async Task<Answered<RetentionApplied>> ApplyAsync(RunId run, ApplyRetention body, CommandContext context, CancellationToken ct)
    {
        IReadOnlySet<CheckpointId>? agreed = null;
        for (var again = true; again;)
        {
            var known = agreed;
            var step = await ledger.ExecuteAsync("retention.apply",
                (session, token) => ExpireSomeAsync(session, run, body.Plan, known, context, token), ct);
            if (step.Refused is not null) return new(null, step.Refused);
            (agreed, again) = (step.Agreed, step.Again);
        }

        var standing = (await reader.ReadAsync(run, ct))!;
        var left = RetentionPlanner.Plan(standing, standing.Run.Retention, clock.GetUtcNow()).Expiring;
        IReadOnlyList<ExpiredCheckpoint> expired =
        [
            .. from c in standing.All
               where standing.EndingOf(c.Id) is { ReclaimStarted: null, Expired: { } of } && of.Plan == body.Plan
               let expiry = standing.EndingOf(c.Id)!.Expired!
               select new ExpiredCheckpoint(c.Id, expiry.Rule, c.StoredBytes, expiry.ReclaimAfter),
        ];
        return new(new RetentionApplied(run, body.Plan, expired, expired.Sum(static e => e.StoredBytes), left), null);
    }

    async Task<Step> ExpireSomeAsync(
        LedgerSession session, RunId run, ContentHash digest, IReadOnlySet<CheckpointId>? agreed, CommandContext context,
        CancellationToken ct)
    {
        if (await session.RunAsync(run, RunHold.Exclusive, ct) is null || await reader.ReadAsync(run, ct) is not { } standing)
            return new(Refusals.NoSuchRun(run), null, Again: false);
        var plan = RetentionPlanner.Plan(standing, standing.Run.Retention, session.Now);
        var due = RetentionPlanner.InOrder(plan);
        if (agreed is null)
        {
            if (plan.Digest != digest)
                return standing.Afterlives.Values.Any(life => life.Ending?.Expired?.Plan == digest)
                    ? new(null, null, Again: false)
                    : new(Outdated(plan, digest), null, Again: false);
            agreed = due.Select(static entry => entry.Checkpoint).ToHashSet();
        }

        var batch = due.Where(entry => agreed.Contains(entry.Checkpoint)).ToList();
        foreach (var entry in batch.Take(BatchMax))
        {
            // Refused here means pinned or held since the rows were read: it stays, which is what the person wants.
            var decision = RetentionDecider.Decide(
                await session.CheckpointAsync(entry.Checkpoint, ct),
                new RetentionCommand.Expire(entry.Checkpoint, entry.Why, digest, plan.Policy!.GraceSeconds, session.Now));
            session.Apply(entry.Checkpoint.StreamKey, run, decision, context);
        }

        return new(null, agreed, Again: batch.Count > BatchMax);
    }

    static Decision.Refused Outdated(RetentionPlan plan, ContentHash got) => Refusals.Of(
        ProblemCodes.PlanOutdated, 409, "The plan is outdated",
        $"Plan {(got.IsNone ? "(none)" : got.Short)} of run {plan.Run} is not what its policy means now (plan {plan.Digest.Short}, "
        + $"{Refusals.Number(plan.Expiring)} to expire). Nothing was changed. Look at that: 'lineage retention plan {plan.Run}'.",
        ("plan", plan.Digest), ("expiring", plan.Expiring));

    public Task<Decision> UndoAsync(CheckpointId id, UndoExpiry body, CommandContext context, CancellationToken ct) =>
        ledger.DecideAsync("retention.undo", id.Run, context, async (session, token) =>
        {
            await session.RunAsync(id.Run, RunHold.Exclusive, token);
            var command = new RetentionCommand.Undo(id, body.Actor, body.Reason, body.Pin, session.Now);
            if (await session.CheckpointAsync(id, token) is not { } state)
                return new Decided(id.StreamKey, RetentionDecider.Decide(state: null, command));
            var bases = new List<Checkpoints.Checkpoint>();
            for (var edge = state.Base; edge is not null && bases.Count < Chains.ChainBuilder.LinksMax;)
            {
                if (await session.CheckpointAsync(edge.Checkpoint, token) is not { } link) break;
                bases.Add(link);
                edge = link.Base;
            }

            return new Decided(id.StreamKey, RetentionDecider.Undo(state, bases, command));
        }, ct);

    /// <summary>One by one, each with its chain: whatever order, a checkpoint that came back is whole.</summary>
    public async Task<Answered<PlanUndone>> UndoPlanAsync(RunId run, UndoPlan body, CommandContext context, CancellationToken ct)
    {
        if (await reader.ReadAsync(run, ct) is not { } standing) return new(null, Refusals.NoSuchRun(run));
        List<CheckpointId> undone = [], tooLate = [];
        foreach (var (id, life) in standing.Afterlives.Where(pair => pair.Value.Ending?.Expired?.Plan == body.Plan)
            .OrderByDescending(static pair => pair.Key.Step).ThenByDescending(static pair => pair.Key.Generation))
        {
            var decision = life.Ending!.ReclaimStarted is null
                ? await UndoAsync(id, new UndoExpiry(body.Actor, body.Reason, Pin: false), context, ct)
                : null;
            if (decision is Decision.Refused { Code: not ProblemCodes.GraceOver } refused) return new(null, refused);
            (decision is null or Decision.Refused ? tooLate : undone).Add(id);
        }

        return undone.Count + tooLate.Count > 0
            ? new(new PlanUndone(run, body.Plan, undone, tooLate), null)
            : new(null, Refusals.Of(
                ProblemCodes.NotExpired, 409, "Nothing is expired by this plan",
                $"No checkpoint of run {run} is expired by plan {(body.Plan.IsNone ? "(none)" : body.Plan.Short)}. Nothing was changed. "
                + $"'lineage retention plan {run}' lists what is expired."));
    }

    public Task<Decision> StartReclaimAsync(CheckpointId id, ActorId keeper, CommandContext context, CancellationToken ct) =>
        ledger.DecideAsync("retention.start-reclaim", id.Run, context, async (session, token) =>
        {
            await session.RunAsync(id.Run, RunHold.Exclusive, token);

            // A fork's recovery may fall back on what lies behind the fork, and holds only the fork.
            foreach (var fork in await reader.ForksAsync(id.Run, token))
                await session.RunAsync(RunId.Parse(fork.Run), RunHold.Exclusive, token);
            var needs = await reader.NeedsOfAsync(id, token);
            return new Decided(id.StreamKey, RetentionDecider.Decide(
                await session.CheckpointAsync(id, token), new RetentionCommand.StartReclaim(id, keeper, needs, session.Now)));
        }, ct);

    /// <summary>The decision is on record already, so nobody needs to be kept away.</summary>
    public Task<Decision> ReportReclaimedAsync(CheckpointId id, ReportReclaimed body, CommandContext context, CancellationToken ct) =>
        ledger.DecideAsync("retention.reclaimed", id.Run, context, async (session, token) => new Decided(
            id.StreamKey, RetentionDecider.Decide(
                await session.CheckpointAsync(id, token),
                new RetentionCommand.Reclaimed(id, body.Ranks, body.Bytes, body.Tier, session.Now))), ct);
}
