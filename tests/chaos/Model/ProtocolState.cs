using System.Numerics;
using System.Runtime.InteropServices;

namespace Lineage.Tests.Chaos.Model;

/// <summary>How far one rank's shard of one save has come. What was sent stays under way: it may arrive later, again, or never.</summary>
enum ShardStage : byte { None, Durable, Sent, Recorded }

enum SavePhase : byte { Unopened, Open, Sealed, Verified, Quarantined, Expired, Reclaimed, Abandoned }

/// <summary>What became of the recovery that began generation 2.</summary>
enum Turn : byte { None, Restoring, Completed, Failed }

/// <summary>One save, as far as the protocol's own rules look at it.</summary>
/// <param name="Generation">That opened it.</param>
/// <param name="OnBase">Whether it is a delta on save A.</param>
/// <param name="Stages">Two bits for each rank's <see cref="ShardStage"/>.</param>
/// <param name="Intact">Ranks whose shard was found intact; stays as it is from the first damage on.</param>
/// <param name="Damaged">One more than the first rank whose shard was found damaged; 0: none.</param>
/// <param name="Gone">The bytes that an abandoned save left are given up.</param>
[StructLayout(LayoutKind.Auto)]
readonly record struct Save(
    SavePhase Phase, byte Generation = 0, bool OnBase = false, byte Stages = 0, byte Intact = 0, byte Damaged = 0, bool Gone = false)
{
    public ShardStage Stage(int rank) => (ShardStage)((Stages >> (2 * rank)) & 3);

    public Save With(int rank, ShardStage stage) =>
        this with { Stages = (byte)((Stages & ~(3 << (2 * rank))) | ((int)stage << (2 * rank))) };

    /// <summary>Ranks on record, as bits.</summary>
    public int Recorded => Bit(0) | Bit(1) | Bit(2);

    int Bit(int rank) => IsRecorded(rank) ? 1 << rank : 0;

    public int RecordedCount => BitOperations.PopCount((uint)Recorded);

    public bool IsRecorded(int rank) => Stage(rank) == ShardStage.Recorded;

    /// <summary>Was sealed once, whatever was found and decided since.</summary>
    public bool WasSealed => Phase is >= SavePhase.Sealed and <= SavePhase.Reclaimed;

    /// <summary>Sealed, and retention has not let go of it.</summary>
    public bool IsSettled => Phase is SavePhase.Sealed or SavePhase.Verified or SavePhase.Quarantined;

    /// <summary>Something may still read its bytes, or bring it back.</summary>
    public bool HasBytes => Phase is not (SavePhase.Unopened or SavePhase.Reclaimed or SavePhase.Abandoned);

    /// <summary>What it is when retention does not have a say.</summary>
    public SavePhase Found => Damaged > 0 ? SavePhase.Quarantined : Intact == Protocol.AllRanks ? SavePhase.Verified : SavePhase.Sealed;

    public override string ToString() => Phase == SavePhase.Unopened ? "-"
        : $"{Phase}@{Generation}{(OnBase ? "+" : "")} [{Stage(0)} {Stage(1)} {Stage(2)}]"
            + (Intact > 0 ? $" intact {Intact:b3}" : "") + (Damaged > 0 ? $" damaged {Damaged - 1}" : "") + (Gone ? " gone" : "");
}

/// <summary>The whole world of the model.</summary>
/// <param name="Generation">Newest granted: 1 or 2.</param>
/// <param name="Holder">The launcher that it was granted to: 0 or 1.</param>
/// <param name="LeaseHeld">False once the lease ran out or was given back.</param>
/// <param name="Chosen">What the recovery chose: 0 the initial state, else one more than the save.</param>
/// <param name="ChoseAgain">The recovery under way gave up its first choice.</param>
/// <param name="Dead">One more than the rank of the newest generation that crashed; 0: none.</param>
[StructLayout(LayoutKind.Auto)]
readonly record struct ModelState(
    byte Generation, byte Holder, bool LeaseHeld, Turn Turn, byte Chosen, bool ChoseAgain, byte Dead, Save A, Save B)
{
    public static ModelState Initial { get; } = new(1, 0, LeaseHeld: true, Turn.None, 0, ChoseAgain: false, 0, default, default);

    public Save this[int save] => save == 0 ? A : B;

    public ModelState With(int save, Save changed) => save == 0 ? this with { A = changed } : this with { B = changed };

    /// <summary>The ranks of the newest generation are at work.</summary>
    public bool IsRunning => Turn is Turn.None or Turn.Completed;

    public bool IsStale(int save) => this[save].Generation < Generation;

    public override string ToString() =>
        $"gen {Generation} by {(Holder == 0 ? "X" : "Y")}{(LeaseHeld ? "" : " (no lease)")} {Turn}"
        + $"{(Turn == Turn.None ? "" : $" {(Chosen == 0 ? "initial" : Chosen == 1 ? "A" : "B")}")}"
        + $"{(Dead > 0 ? $" dead {Dead - 1}" : "")} A: {A} B: {B}";
}
