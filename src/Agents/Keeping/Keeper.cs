using Lineage.Agents.Client;
using Lineage.Agents.Reporting;
using Lineage.Agents.Restoring;
using Lineage.Agents.Telemetry;
using Lineage.Agents.Tiers;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Keeping;

/// <param name="Parallel">Shards read at the same time.</param>
/// <param name="Poll">Between two looks for work when there was none.</param>
/// <param name="Again">Before a checkpoint that was looked at is looked at again while it stays pending.</param>
public sealed record KeeperOptions(ActorId Actor, int Parallel, TimeSpan Poll, TimeSpan Again)
{
    /// <summary>Checkpoints asked for at once.</summary>
    public int PageSize { get; init; } = 50;

    /// <summary>Between two rounds of retention and reclaim.</summary>
    public TimeSpan ReclaimEvery { get; init; } = TimeSpan.FromSeconds(30);

    public static KeeperOptions Default(ActorId actor) =>
        new(actor, Math.Max(1, Environment.ProcessorCount / 2), TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(5));
}

/// <summary>
/// Verifies sealed checkpoints by reading the stored bytes back, past the page cache where the kernel allows, puts the manifest beside the
/// shards, and deletes what retention let go of. It keeps no state of its own: the service's lists of pending work are the queue, so it
/// may die anywhere and start again.
/// </summary>
/// <param name="report">One line for people.</param>
public sealed class Keeper(
    KeeperOptions options, LineageClient client, IFactPublisher publisher, ITier tier, TimeProvider clock, Action<string> report)
{
    readonly CheckpointProbe probe = new(tier, options.Actor, options.Parallel, report);
    readonly Dictionary<CheckpointId, DateTimeOffset> lookedAt = [];
    readonly HashSet<CheckpointId> complainedOf = [];
    readonly SteadyClock steady = SteadyClock.Over(clock);
    readonly Reclaimer reclaimer = new(options.Actor, client, tier, report);
    bool away;

    /// <summary>Works until it is cancelled; what is being read then is finished or left, both without consequence.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        var cleaned = tier.CleanLeftovers();
        if (cleaned > 0) report($"Removed {cleaned} half-written files of dead writers from tier {tier.Name}.");
        try
        {
            for (var reclaimed = clock.GetTimestamp(); !ct.IsCancellationRequested;)
            {
                if (await RoundAsync(ct) == 0) await Task.Delay(options.Poll, clock, ct);
                if (clock.GetElapsedTime(reclaimed) < options.ReclaimEvery) continue;
                await ReclaimAsync(ct);
                reclaimed = clock.GetTimestamp();
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // A graceful stop.
        }
    }

    /// <summary>Looks once at everything that is pending and due; returns how many checkpoints were verified.</summary>
    public async Task<int> RoundAsync(CancellationToken ct)
    {
        var verified = 0;
        string? after = null;
        try
        {
            do
            {
                var page = await client.ListPendingVerificationsAsync(after, options.PageSize, ct);
                foreach (var checkpoint in page.Items)
                    if (await VerifyIfDueAsync(checkpoint, ct)) verified++;
                after = page.Next;
            }
            while (after is not null);

            Note(away: false, "");
        }
        catch (LineageProblemException e)
        {
            Note(away: true, e.Problem.Detail);
        }

        return verified;
    }

    async Task ReclaimAsync(CancellationToken ct)
    {
        try
        {
            await reclaimer.RoundAsync(ct);
        }
        catch (LineageProblemException e)
        {
            Note(away: true, e.Problem.Detail);
        }
    }

    async Task<bool> VerifyIfDueAsync(CheckpointView checkpoint, CancellationToken ct)
    {
        var now = steady.GetUtcNow();
        if (lookedAt.TryGetValue(checkpoint.Checkpoint, out var last) && now - last < options.Again) return false;
        lookedAt[checkpoint.Checkpoint] = now;
        foreach (var old in lookedAt.Where(pair => now - pair.Value > 10 * options.Again).Select(static pair => pair.Key).ToList())
            lookedAt.Remove(old);

        using var trace = AgentTelemetry.Start(
            "checkpoint.verify", AgentTelemetry.CorrelationOf(checkpoint.Checkpoint), checkpoint.Checkpoint);
        try
        {
            var chain = await client.GetChainAsync(checkpoint.Checkpoint, ct);
            await StoreManifestAsync(checkpoint, ct);
            var findings = await probe.FindingsAsync(checkpoint, chain, ct);
            foreach (var found in findings) AgentTelemetry.Findings.Add(1, AgentTelemetry.Tag(found));
            await publisher.PublishAsync(findings, ct);
            return true;
        }
        catch (LineageProblemException e) when (!LineageClient.IsTransient(e.Problem))
        {
            // The others go on. While it stays pending it is tried again, and told again only by the next keeper process.
            if (complainedOf.Add(checkpoint.Checkpoint))
                report($"Checkpoint {checkpoint.Checkpoint} was not verified: {e.Problem.Detail} [{e.Code}]");
            return false;
        }
    }

    /// <summary>
    /// A copy of the manifest beside the shards lets the lineage be rebuilt from the store alone. The event stays the authority.
    /// </summary>
    async Task StoreManifestAsync(CheckpointView checkpoint, CancellationToken ct)
    {
        var key = ObjectKeys.Manifest(checkpoint.Checkpoint);
        if (tier.SizeOf(key) is not null) return;
        var bytes = await client.GetManifestAsync(checkpoint.Checkpoint, ct);
        if (ContentHash.Of(bytes) != checkpoint.ManifestHash)
        {
            report(
                $"The manifest of {checkpoint.Checkpoint} has digest {ContentHash.Of(bytes).Short}, " +
                $"sealed was {checkpoint.ManifestHash}. It was not written.");
            return;
        }

        try
        {
            await tier.PutAsync(key, (stream, token) => stream.WriteAsync(bytes, token), NoSteps.Instance, ct);
        }
        catch (LineageProblemException e) when (e.Code == ProblemCodes.ObjectExists)
        {
            // Another keeper was faster; it wrote the same bytes.
        }
        catch (LineageProblemException e)
        {
            report($"The manifest of {checkpoint.Checkpoint} was not written: {e.Problem.Detail} [{e.Code}]");   // verifying goes on
        }
    }

    void Note(bool away, string detail)
    {
        if (away == this.away) return;
        this.away = away;
        report(away ? $"The service cannot be asked for work: {detail}" : "The service answers again.");
    }
}
