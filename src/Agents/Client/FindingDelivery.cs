using Lineage.Agents.Reporting;
using Lineage.Agents.Restoring;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Client;

/// <summary>
/// Brings damage that was found before a restore on record, and then has the service choose again. Findings travel as facts, so the
/// choice waits until the service shows them; a finding is told again until it does.
/// </summary>
sealed class FindingDelivery(LineageClient client, IFactPublisher publisher, TimeProvider clock, TimeSpan patience)
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    readonly SteadyClock steady = SteadyClock.Over(clock);

    /// <exception cref="LineageProblemException">not-ready: the findings were not on record in time.</exception>
    public async Task<RecoveryView> ReportAndChooseAgainAsync(RecoveryView view, ChainCheck check, ActorId by, CancellationToken ct)
    {
        var correlation = MessageId.Derive("trace", view.Recovery.ToString()).Value.ToString("N");
        var facts = check.Damaged.Select(d => FindingReports.Of(d.Shard, d.Found, by, correlation)).ToList();
        var until = steady.GetUtcNow() + patience;
        while (true)
        {
            await publisher.PublishAsync(facts, ct);
            await Task.Delay(Pause, steady, ct);
            var open = new List<Contracts.Messages.ShardVerificationReported>();
            foreach (var fact in facts)
                if (!FactStanding.IsSettled(fact, await client.GetCheckpointAsync(fact.Checkpoint, ct))) open.Add(fact);
            facts = open;
            if (facts.Count == 0 || steady.GetUtcNow() >= until) break;
        }

        var reason = string.Join("; ", check.Damaged.Take(3).Select(static d => $"{d.Shard} is {d.Found.Finding}: {d.Found.Detail}"));
        return await ChooseAgainAsync(view.Recovery, new ChooseAgain(by, view.Attempt, reason), ct);
    }

    /// <summary>Asks until the damage is on record: before that the service answers that the choice stands (not-ready).</summary>
    public async Task<RecoveryView> ChooseAgainAsync(RecoveryId recovery, ChooseAgain body, CancellationToken ct)
    {
        var until = steady.GetUtcNow() + patience;
        while (true)
        {
            try
            {
                return await client.ChooseAgainAsync(recovery, body, ct);
            }
            catch (LineageProblemException e) when (e.Code == ProblemCodes.NotReady && steady.GetUtcNow() < until)
            {
                await Task.Delay(Pause, steady, ct);
            }
        }
    }
}
