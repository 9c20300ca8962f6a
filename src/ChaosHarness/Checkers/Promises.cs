using System.Collections.Immutable;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>The invariants of docs/PROTOCOL.md in one sentence each, in the order of the report.</summary>
public static class Promises
{
    public static ImmutableArray<(string Id, string Promise)> All { get; } =
    [
        ("S1", "Durable means durable: what ShardStored names re-reads with that digest after any permitted crash or power loss."),
        ("S2", "All or nothing: a reader sees a checkpoint wholly or not at all; nothing unsealed or quarantined is ever offered."),
        ("S3", "Bit-exact: any restored state equals the captured state, byte for byte, at any link of any chain."),
        ("S4", "Single authority: at most one seal per run, generation and step, and none by a generation below the highest granted."),
        ("S5", "Sound recovery: a completed recovery names one sealed, unquarantined checkpoint with a whole chain, and all ranks "
            + "hold it."),
        ("S6", "Maximal recovery: no newer intact restore point existed when the choice was made, or the event says why it was rejected."),
        ("S7", "Detection: corruption of bytes that are read is found before the trainer sees them; nothing undamaged is called damaged."),
        ("S8", "No acknowledged loss: whatever was acknowledged is there after healing, inside the declared fault budget."),
        ("S9", "Idempotence: any number of deliveries in any order gives the stream that exactly-once delivery gives."),
        ("S10", "Stream integrity: versions without gaps, names that fit their bodies, digests that hold."),
        ("S11", "Projections are complete: the live row equals a replay from zero."),
        ("S12", "The broker never leads: a message that cites a fact is sent only after the fact is durable."),
        ("S13", "Safe reclaim: nothing needed by a retained, pinned, held, open or restoring checkpoint goes; enough verified ones stay."),
        ("S14", "Sane lineage: bases form a forest, sealed before the child, with the digest that the child recorded, within the "
            + "depth bound."),
        ("S15", "Fencing: after generation g+1 begins, nothing done under g changes what a reader sees."),
        ("S16", "Clock independence: skewed clocks change no safety outcome."),
        ("S17", "Honest verification: ShardVerified implies an independent read of the stored bytes after their last write."),
        ("S18", "Sticky quarantine: lifted only by a newer verification of newer bytes."),
        ("S19", "Resharding tiles: restoring to another world size reads every element exactly once, from its owner."),
        ("S20", "Bit-exact resume: states and samples at every step equal those of the run that never failed."),
        ("S21", "Accounted faults: every fault has an observed effect on record; every abort, quarantine and recovery cites a true cause."),
        ("L1", "Every save ends sealed or abandoned."),
        ("L2", "Every recovery decides, or says with reasons that there is no restore point, and ends."),
        ("L3", "Queues drain; dead letters are none, or explained."),
        ("L4", "Projections catch up."),
        ("L5", "One poison message or shard delays no other run."),
        ("L6", "The same cause recovers a bounded number of times, then falls back to an older point or gives up."),
        ("L7", "Orphans are reclaimed."),
        ("L8", "A failed save never stops training under the weak policy."),
    ];
}
