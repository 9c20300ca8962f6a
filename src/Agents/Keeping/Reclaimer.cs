using Lineage.Agents.Client;
using Lineage.Agents.Tiers;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Keeping;

/// <summary>What one round of reclaiming did.</summary>
/// <param name="Expired">Checkpoints that the policies of their runs let go of.</param>
/// <param name="Reclaimed">Checkpoints whose bytes are gone.</param>
public sealed record ReclaimRound(int Expired, int Reclaimed, long FreedBytes);

/// <summary>
/// Carries out what retention decided: applies the plan of every run that has a policy, and deletes the bytes of what may go. It keeps no
/// state: the service's lists are the queue, and every step may be repeated, so it may die anywhere and any other keeper goes on.
/// </summary>
/// <remarks>
/// Nothing is deleted before the service has the decision on record (<c>ReclaimStarted</c>), and it is asked for each checkpoint right
/// before its bytes go, so a list that is long out of date deletes nothing that is needed.
/// </remarks>
/// <param name="report">One line for people.</param>
public sealed class Reclaimer(ActorId actor, LineageClient client, ITier tier, Action<string> report)
{
    const int PageSize = 50;
    readonly HashSet<string> complainedOf = new(StringComparer.Ordinal);

    /// <exception cref="LineageProblemException">The service is away; what was done until then stays done.</exception>
    public async Task<ReclaimRound> RoundAsync(CancellationToken ct)
    {
        var expired = 0;
        await foreach (var run in PagesAsync<RetainedRun>(client.ListRetainedRunsAsync, ct))
            expired += await TryAsync($"Retention of run {run.Run}", () => ApplyAsync(run.Run, ct)) ?? 0;
        var (reclaimed, freed) = (0, 0L);
        await foreach (var work in PagesAsync<ReclaimWork>(client.ListPendingReclaimsAsync, ct))
        {
            if (await TryAsync($"Checkpoint {work.Checkpoint}", () => ReclaimAsync(work, ct)) is not { } bytes) continue;
            reclaimed++;
            freed += bytes;
        }

        return new ReclaimRound(expired, reclaimed, freed);
    }

    async Task<int> ApplyAsync(RunId run, CancellationToken ct)
    {
        var plan = await client.GetRetentionPlanAsync(run, whatIf: null, ct);
        if (plan.Expiring == 0) return 0;
        var applied = await client.ApplyRetentionAsync(run, new ApplyRetention(plan.Digest, actor), ct);
        report(
            $"Run {run}: {applied.Expired.Count} checkpoints expired by plan {plan.Digest.Short}, {applied.FreedBytes:N0} B to reclaim.");
        return applied.Expired.Count;
    }

    async Task<long> ReclaimAsync(ReclaimWork listed, CancellationToken ct)
    {
        var work = await client.StartReclaimAsync(listed.Checkpoint, new StartReclaim(actor), ct);
        var freed = 0L;
        foreach (var gone in work.Objects)
        {
            // What an earlier keeper deleted before it died counts with its size on record.
            freed += tier.SizeOf(gone.ObjectKey) ?? gone.Bytes;
            tier.Delete(gone.ObjectKey);
        }

        await client.ReportReclaimedAsync(work.Checkpoint, new ReportReclaimed(work.Ranks, freed, tier.Name, actor), ct);
        report($"Checkpoint {work.Checkpoint} reclaimed, {freed:N0} B freed: {work.Why}.");
        return freed;
    }

    /// <summary>Null when it was refused: said once, and tried again in the next round. Others go on.</summary>
    async Task<T?> TryAsync<T>(string what, Func<Task<T>> act) where T : struct
    {
        try
        {
            return await act();
        }
        catch (LineageProblemException e) when (!LineageClient.IsTransient(e.Problem))
        {
            // A plan that is outdated is made again; what is still needed waits for what needs it. Neither is news.
            if (e.Code is not (ProblemCodes.PlanOutdated or ProblemCodes.StillNeeded) && complainedOf.Add($"{what} {e.Code}"))
                report($"{what}: {e.Problem.Detail} [{e.Code}]");
            return null;
        }
    }

    static async IAsyncEnumerable<T> PagesAsync<T>(
        Func<string?, int, CancellationToken, Task<Page<T>>> fetch,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        string? after = null;
        do
        {
            var page = await fetch(after, PageSize, ct);
            foreach (var item in page.Items) yield return item;
            after = page.Next;
        }
        while (after is not null);
    }
}
