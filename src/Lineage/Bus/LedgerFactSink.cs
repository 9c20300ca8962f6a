using Lineage.Checkpoints;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Store;
using Lineage.Telemetry;
using Microsoft.Extensions.Logging;

namespace Lineage.Bus;

/// <summary>
/// Decides over the facts of one checkpoint and appends what follows, in one transaction while the run's generation is held still. What is
/// refused goes among the dead letters with its reason: it would be refused again.
/// </summary>
internal sealed partial class LedgerFactSink(Ledger ledger, DeadLetters letters, ILogger<LedgerFactSink> log) : IFactAppender
{
    public async Task<IReadOnlyList<RefusedFact>> AppendAsync(
        CheckpointId checkpoint, IReadOnlyList<Delivery> deliveries, CancellationToken ct)
    {
        IReadOnlyList<FactMessage> facts = deliveries is [var only] ? only.Facts : [.. deliveries.SelectMany(static d => d.Facts)];
        using var trace = FactTrace.Start(facts[0].Correlation, facts.Count);
        var outcomes = await ledger.ExecuteAsync("checkpoint.record-facts", (session, token) =>
            DecideAsync(session, checkpoint, facts, token), ct);
        foreach (var kind in outcomes.CountBy(static o => o.Decision.GetType().Name))
            LineageTelemetry.Facts.Add(kind.Value, new KeyValuePair<string, object?>("outcome", kind.Key));
        var refused = RefusedFact.Of(outcomes);
        if (refused.Count > 0) await SetAsideAsync(refused, deliveries, ct);
        return refused;
    }

    /// <remarks>A crash before this leaves no dead letter and an unanswered sender, who sends again and is refused again.</remarks>
    async Task SetAsideAsync(IReadOnlyList<RefusedFact> refused, IReadOnlyList<Delivery> deliveries, CancellationToken ct)
    {
        foreach (var (fact, code, reason) in refused)
            LogRefused(log, fact.Id.ToString(), fact.Checkpoint.ToString(), fact.Rank.Value, code, reason);
        await letters.KeepAsync([.. refused.DistinctBy(static r => r.Fact.Id)
            .Select(r => DeadLetter.Of(r, deliveries.First(d => d.Facts.Contains(r.Fact)).Carrier))], ct);
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

    [LoggerMessage(2001, LogLevel.Warning, "Message {MessageId} about {Checkpoint} rank {Rank} was refused ({Code}) and is a dead " +
        "letter: {Reason}")]
    static partial void LogRefused(ILogger log, string messageId, string checkpoint, int rank, string code, string reason);
}
