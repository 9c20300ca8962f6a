using Lineage.Agents.Reporting;
using Lineage.Agents.Restoring;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Client;

/// <summary>
/// Reads back what was sealed so shortly before a failure that no keeper has read it yet, so that a recovery can choose it: neither the
/// newest save nor a whole run is lost because the keeper was busy or away.
/// </summary>
sealed class UnreadPoints(LineageClient client, IFactPublisher publisher, CheckpointProbe probe, TimeProvider clock, TimeSpan patience)
{
    /// <summary>More unread points than this mean that no keeper works; the newest ones are enough to go on.</summary>
    public const int PointsMax = 8;

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    readonly SteadyClock steady = SteadyClock.Over(clock);

    /// <summary>
    /// Verifies what a recovery could not choose only because nobody has read it, if it is newer than what it could choose: bases before
    /// what stands on them. The service says which, because it knows what lies behind a rewind or a fork.
    /// </summary>
    public async Task VerifyAsync(RunId run, WorldSize world, CancellationToken ct)
    {
        var points = await client.GetRestorePointsAsync(run, world, atOrBefore: null, ct);
        var unread = points.Rejected
            .Where(point => point.Reason == RejectionReason.NotVerified && !(point.Checkpoint.Step <= points.Best?.Checkpoint.Step))
            .Take(PointsMax).Reverse();
        foreach (var point in unread)
            foreach (var link in (await client.GetChainAsync(point.Checkpoint, ct)).Links)
                if (link.Phase == CheckpointPhase.Sealed) await VerifyAsync(await client.GetCheckpointAsync(link.Checkpoint, ct), ct);
    }

    /// <summary>
    /// Ends when the service shows the findings, or quietly when patience is over: the choice then goes without this point.
    /// </summary>
    async Task VerifyAsync(CheckpointView point, CancellationToken ct)
    {
        var facts = await probe.FindingsAsync(point, await client.GetChainAsync(point.Checkpoint, ct), ct);
        var until = steady.GetUtcNow() + patience;
        do
        {
            await publisher.PublishAsync(facts, ct);
            await Task.Delay(Pause, steady, ct);
            var view = await client.GetCheckpointAsync(point.Checkpoint, ct);
            if (view.Phase != CheckpointPhase.Sealed || facts.All(fact => FactStanding.IsSettled(fact, view))) return;
        }
        while (steady.GetUtcNow() < until);
    }
}
