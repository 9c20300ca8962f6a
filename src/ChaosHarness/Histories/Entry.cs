using System.Text.Json.Serialization;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Histories;

/// <summary>How an operation ended for the one who asked. Unknown may have happened or not, but once seen it stays so.</summary>
public enum Outcome { Ok, Failed, Unknown }

/// <summary>
/// One line of the harness' own journal: what it asked, what was acknowledged, what it harmed, what it saw. The second witness beside the
/// event store; the judge believes neither alone.
/// </summary>
/// <param name="Index">0 for the first; the order in which the harness saw things.</param>
/// <param name="AtMs">Milliseconds since the start, by the world's clock.</param>
/// <param name="Process">Who it is about: <c>rank:2</c>, <c>server:0</c>, <c>keeper</c>, <c>launcher</c>, <c>nemesis</c>,
/// <c>reader</c>.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "entry")]
[JsonDerivedType(typeof(Invoked), "invoked")]
[JsonDerivedType(typeof(Ended), "ended")]
[JsonDerivedType(typeof(Acknowledged), "acknowledged")]
[JsonDerivedType(typeof(Captured), "captured")]
[JsonDerivedType(typeof(Restored), "restored")]
[JsonDerivedType(typeof(Trained), "trained")]
[JsonDerivedType(typeof(Offered), "offered")]
[JsonDerivedType(typeof(ReadBack), "read-back")]
[JsonDerivedType(typeof(Durable), "durable")]
[JsonDerivedType(typeof(Sent), "sent")]
[JsonDerivedType(typeof(Injected), "injected")]
[JsonDerivedType(typeof(TookEffect), "took-effect")]
[JsonDerivedType(typeof(Healed), "healed")]
[JsonDerivedType(typeof(Noted), "noted")]
public abstract record Entry(long Index, long AtMs, string Process)
{
    public sealed record Invoked(long Index, long AtMs, string Process, int Operation, OperationKind Kind, string Detail)
        : Entry(Index, AtMs, Process);

    /// <param name="Code">Problem code of a refusal, null otherwise.</param>
    public sealed record Ended(long Index, long AtMs, string Process, int Operation, Outcome Outcome, string? Code, string Detail)
        : Entry(Index, AtMs, Process);

    /// <summary>The service said yes to a fact or a command: from here on it must be in the streams (S8).</summary>
    /// <param name="Stream">Key of the stream that holds it.</param>
    /// <param name="Event">Stored name of the event that must be there.</param>
    /// <param name="Rank">Null where the fact is not of one rank.</param>
    public sealed record Acknowledged(long Index, long AtMs, string Process, string Stream, string Event, int? Rank)
        : Entry(Index, AtMs, Process);

    /// <summary>What a rank held when it was captured, taken by the harness and not by the saver (S3).</summary>
    public sealed record Captured(long Index, long AtMs, string Process, CheckpointId Checkpoint, int Rank, ContentHash State)
        : Entry(Index, AtMs, Process);

    /// <summary>What a rank held after it was restored.</summary>
    /// <param name="Recovery">Key of the recovery's stream; null when a person restored.</param>
    public sealed record Restored(
        long Index, long AtMs, string Process, string? Recovery, CheckpointId? Checkpoint, int Rank, ContentHash State)
        : Entry(Index, AtMs, Process);

    /// <summary>A rank has done a step: its state afterwards, and the samples that it consumed (S20).</summary>
    public sealed record Trained(
        long Index, long AtMs, string Process, RunId Run, long Generation, long Step, int Rank, ContentHash State, long SampleFrom,
        long SampleTo)
        : Entry(Index, AtMs, Process);

    /// <summary>What a reader was offered to restore from, and what it was told of the others (S2, S6).</summary>
    /// <param name="Checkpoint">Null: none, with the reason in <paramref name="Why"/>.</param>
    public sealed record Offered(long Index, long AtMs, string Process, RunId Run, CheckpointId? Checkpoint, string Why)
        : Entry(Index, AtMs, Process);

    /// <summary>Stored bytes were really read for a verification (S17).</summary>
    /// <param name="Written">Which write of the object was read, counted from 1.</param>
    public sealed record ReadBack(long Index, long AtMs, string Process, CheckpointId Checkpoint, int Rank, string ObjectKey, long Written)
        : Entry(Index, AtMs, Process);

    /// <summary>The last durable step of a write is done: the object survives a loss of power from here on (S12).</summary>
    public sealed record Durable(long Index, long AtMs, string Process, CheckpointId Checkpoint, int Rank, string ObjectKey)
        : Entry(Index, AtMs, Process);

    /// <summary>A message left that says that the object is stored.</summary>
    public sealed record Sent(long Index, long AtMs, string Process, CheckpointId Checkpoint, int Rank, string ObjectKey)
        : Entry(Index, AtMs, Process);

    public sealed record Injected(long Index, long AtMs, string Process, int Fault, string Kind, string Target, string Detail)
        : Entry(Index, AtMs, Process);

    /// <summary>The fault did what it was meant to: a process is gone, a byte differs, a connection was cut (S21).</summary>
    /// <param name="Observation">A fault that changes stored bytes names the key of each object that it changed; damage that no fault
    /// names is blamed on the system (S1, S7).</param>
    public sealed record TookEffect(long Index, long AtMs, string Process, int Fault, string Observation) : Entry(Index, AtMs, Process);

    public sealed record Healed(long Index, long AtMs, string Process, int? Fault, string Detail) : Entry(Index, AtMs, Process);

    public sealed record Noted(long Index, long AtMs, string Process, string What, string Detail) : Entry(Index, AtMs, Process);
}
