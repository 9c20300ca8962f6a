using Lineage.Checkpoints;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Decisions;
using Lineage.Store;
using Lineage.Telemetry;

namespace Lineage.Bus;

/// <summary>
/// Decides over the facts of one checkpoint and appends what follows, in one transaction while the run's generation is held still.
/// </summary>
internal sealed class LedgerFactSink(Ledger ledger) : IFactSink, IDisposable
{
    /// <summary>
    /// Facts about one checkpoint queue up inside one server instead of racing for its stream; several servers are settled by the stream's
    /// version.
    /// </summary>
    readonly SemaphoreSlim[] partitions = [.. Enumerable.Range(0, 64).Select(static _ => new SemaphoreSlim(1))];

    public async Task<IReadOnlyList<RefusedFact>> RecordAsync(CheckpointId checkpoint, IReadOnlyList<FactMessage> facts,
        CancellationToken ct)
    {
        var partition = partitions[(StringComparer.Ordinal.GetHashCode(checkpoint.StreamKey) & int.MaxValue) % partitions.Length];
        using var trace = FactTrace.Start(facts[0].Correlation, facts.Count);
        await partition.WaitAsync(ct);
        try
        {
            var outcomes = await ledger.ExecuteAsync("checkpoint.record-facts", (session, token) =>
                DecideAsync(session, checkpoint, facts, token), ct);
            foreach (var outcome in outcomes)
                LineageTelemetry.Facts.Add(1, new KeyValuePair<string, object?>("outcome", outcome.Decision.GetType().Name));
            return [.. outcomes.Where(static o => o.Decision is Decision.Refused)
                .Select(static o => Refused(o.Message, (Decision.Refused)o.Decision))];
        }
        finally
        {
            partition.Release();
        }
    }

    static async Task<IReadOnlyList<MessageOutcome>> DecideAsync(
        LedgerSession session, CheckpointId checkpoint, IReadOnlyList<FactMessage> facts, CancellationToken ct)
    {
        var run = await session.RunAsync(checkpoint.Run, RunHold.Shared, ct);
        var state = await session.CheckpointAsync(checkpoint, ct);
        var decided = CheckpointDecider.DecideAll(checkpoint, state, run, facts, session.Now);
        foreach (var (message, decision) in decided.Outcomes)
            session.Apply(checkpoint.StreamKey, checkpoint.Run, decision, ContextOf(message));
        return decided.Outcomes;
    }

    static CommandContext ContextOf(FactMessage message) => new(message.Actor, message.Correlation, message.Id.ToString(),
        message.Id.ToString());

    static RefusedFact Refused(FactMessage message, Decision.Refused refused) => new(message, refused.Code, refused.Detail);

    public void Dispose()
    {
        foreach (var partition in partitions) partition.Dispose();
    }
}
