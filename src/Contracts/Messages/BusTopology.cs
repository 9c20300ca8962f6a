namespace Lineage.Contracts.Messages;

/// <summary>
/// Names on the broker that senders and the service share. One durable fanout exchange per message type
/// and one for several facts in one message; each is bound to
/// <see cref="FactsQueue"/>. The service declares all of it at start, before any sender: a confirm says nothing about routing, so a
/// message sent into an exchange without a queue is confirmed and gone.
/// </summary>
public static class BusTopology
{
    public const string
        ShardDiffReportedExchange = "lineage.shard-diff-reported.v1",
        ShardStoreReportedExchange = "lineage.shard-store-reported.v1",
        ShardVerificationReportedExchange = "lineage.shard-verification-reported.v1",
        FactBatchExchange = "lineage.fact-batch.v1";

    /// <summary>Quorum queue that the servers consume; any number of them.</summary>
    public const string FactsQueue = "lineage.facts";

    /// <summary>
    /// Exchange (fanout) and quorum queue of what could not be taken: unreadable, refused, or delivered too often. Nothing is lost by it:
    /// a sender keeps what is not on record in its outbox.
    /// </summary>
    public const string DeadLetters = "lineage.facts.dead";

    /// <summary>Headers of a dead letter that was refused: the problem code and the sentences for people.</summary>
    public const string ReasonCodeHeader = "Lineage-Reason-Code", ReasonHeader = "Lineage-Reason";

    /// <summary>
    /// Deliveries of one message before the broker itself gives up on it; counts only those that a dying server did not acknowledge.
    /// </summary>
    public const int DeliveriesMax = 20;
}
