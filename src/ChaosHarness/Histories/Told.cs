namespace Lineage.ChaosHarness.Histories;

/// <summary>An entry of the journal in a few words.</summary>
static class Told
{
    public static string Of(Entry entry) => entry switch
    {
        Entry.Invoked e => $"asks {Word(e.Kind)} (operation {e.Operation}) {e.Detail}",
        Entry.Ended e => $"operation {e.Operation} ended {e.Outcome.ToString().ToLowerInvariant()} {e.Code} {e.Detail}",
        Entry.Acknowledged e => $"is told that {e.Event}{(e.Rank is { } rank ? $" of rank {rank}" : "")} is on record in {e.Stream}",
        Entry.Captured e => $"captures {e.Checkpoint}, rank {e.Rank}: state {e.State.Short}",
        Entry.Restored e => $"restored {e.Checkpoint?.ToString() ?? "the initial state"}, rank {e.Rank}: state {e.State.Short}",
        Entry.Trained e => $"did step {e.Step} of {e.Run} under generation {e.Generation}, samples {e.SampleFrom} to {e.SampleTo}: "
            + $"state {e.State.Short}",
        Entry.Offered e => $"is offered {e.Checkpoint?.ToString() ?? "nothing"}: {e.Why}",
        Entry.ReadBack e => $"reads {e.ObjectKey} back (write {e.Written})",
        Entry.Durable e => $"{e.ObjectKey} is durable",
        Entry.Sent e => $"sends that {e.ObjectKey} is stored",
        Entry.Injected e => $"fault {e.Fault}: {e.Kind} on {e.Target} {e.Detail}",
        Entry.TookEffect e => $"fault {e.Fault} took effect: {e.Observation}",
        Entry.Healed e => $"healed {(e.Fault is { } fault ? $"fault {fault}" : "everything")} {e.Detail}",
        Entry.Noted e => $"{e.What}: {e.Detail}",
        _ => throw new ArgumentOutOfRangeException(nameof(entry), entry, "An entry that the report does not know."),
    };

    static string Word(OperationKind kind) => kind.ToString().ToLowerInvariant();
}
