using System.Text.Json;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Histories;

/// <summary>
/// One experiment as a value: who is there, what is asked of them, what is done to them, and within which bounds it must end well. The same
/// value runs in the simulator and against real processes, and its digest stands in every report.
/// </summary>
/// <param name="Version">Of this format; <see cref="Schedule.CurrentVersion"/>.</param>
/// <param name="Seed">0 to 2^53-1, so that every JSON reader keeps it exact. Settles all that the schedule leaves open.</param>
/// <param name="BeyondBudget">More is harmed than the design promises to survive: only safety and an honest refusal are asserted.</param>
public sealed record Schedule(
    int Version, long Seed, string Profile, ScheduledWorld World, IReadOnlyList<Operation> Operations, IReadOnlyList<ScheduledFault> Faults,
    ScheduleBounds Bounds, bool BeyondBudget)
{
    public const int CurrentVersion = 1;

    /// <summary>SHA-256 of the canonical JSON.</summary>
    public ContentHash Digest() => CanonicalJson.Digest(this);

    public byte[] ToJson() => CanonicalJson.Write(this);

    /// <exception cref="JsonException">Not a schedule, or of a version that this program does not know.</exception>
    public static Schedule Parse(ReadOnlySpan<byte> json)
    {
        var schedule = JsonSerializer.Deserialize<Schedule>(json, CanonicalJson.Options)
            ?? throw new JsonException("The schedule is null; expected an object.");
        return schedule.Version == CurrentVersion
            ? schedule
            : throw new JsonException($"The schedule has version {schedule.Version}; this program reads version {CurrentVersion}.");
    }
}

/// <param name="Ranks">World size, 1 or more.</param>
/// <param name="Servers">Servers on one event store.</param>
/// <param name="Copies">Durable copies that a shard needs before it counts.</param>
/// <param name="Tensors">Tensors of each rank's state.</param>
public sealed record ScheduledWorld(int Ranks, int Servers, int Copies, int Tensors);

public enum OperationKind { Save, Verify, Restore, Fork, Rewind, Pin, Unpin, Tag, Expire, Undo, Reclaim, Scale, Upgrade, Complete }

/// <summary>One thing that somebody asks of the system; it ends ok, failed or unknown, and all three are allowed under faults.</summary>
/// <param name="Id">Unique in the schedule; what the journal refers to.</param>
/// <param name="Argument">Its one number: the step of a save, the ranks to scale to, which of the earlier saves is meant (0 the
/// newest).</param>
public sealed record Operation(int Id, OperationKind Kind, long Argument);

/// <summary>One harm. It is injected when <paramref name="When"/> has come, and healed when <paramref name="Until"/> has.</summary>
/// <param name="Kind">Name in the fault catalogue (docs/CHAOS.md), for example <c>rank-kill</c> or <c>bit-rot</c>.</param>
/// <param name="Target">Whom it hurts, in the words of its catalogue entry: <c>rank:2</c>, <c>server:0</c>, <c>broker</c>,
/// <c>store</c>, <c>shard:1</c>.</param>
/// <param name="Until">Null: it is over at once (a kill, a flipped bit), or lasts until the world is healed.</param>
/// <param name="Amount">Its one number, in the unit that the catalogue names; 0 where it has none.</param>
public sealed record ScheduledFault(int Id, string Kind, string Target, FaultTrigger When, FaultTrigger? Until, long Amount);

/// <summary>A moment named by what happens and never by a sleep: the nth event of that name, or virtual milliseconds.</summary>
/// <param name="Event">Stored event name or a step of the data plane (<c>durable:partly-written</c>); null: by time alone.</param>
/// <param name="Nth">1 for the first.</param>
/// <param name="AfterMs">Milliseconds of the world's clock after that, or since the start.</param>
public sealed record FaultTrigger(string? Event, int Nth, long AfterMs);

/// <param name="HealWithinMs">After the last fault is healed everything must be decided within this time (L1-L8).</param>
/// <param name="RecoveriesMax">Recoveries by the same cause before an older point or tier is due (L6).</param>
/// <param name="VerifiedMin">Verified checkpoints that reclaim leaves (S13).</param>
/// <param name="DepthMax">Deltas of the deepest chain (S14).</param>
public sealed record ScheduleBounds(long HealWithinMs, int RecoveriesMax, int VerifiedMin, int DepthMax);
