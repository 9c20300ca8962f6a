using System.Text.Json.Serialization;

namespace Lineage.Contracts.Api;

/// <summary>How a run saves. Part of <see cref="Events.RunRegistered"/>, so its shape only grows.</summary>
/// <remarks>A member that came later is not written while it is null, so that the digest of an older event stays what it was.</remarks>
/// <param name="FullEvery">Every how many saves a full checkpoint is due; 1 makes every checkpoint full.</param>
/// <param name="SaveDeadlineSeconds">Time from open after which an unfinished save is abandoned.</param>
/// <param name="Copies">Durable copies that a shard needs before it counts.</param>
/// <param name="LeaseSeconds">Validity of a lease without renewal.</param>
/// <param name="ChainDepthMax">Deltas that a chain may have where going deeper pays; 1 keeps every delta on a full checkpoint. Null:
/// <see cref="ChainDepthDefault"/>.</param>
/// <param name="RestoreBytesMax">Stored bytes, all ranks together, that restoring one checkpoint may be expected to read before a full one
/// is due; null: no such bound.</param>
public sealed record SavePolicy(
    int FullEvery = 8, int SaveDeadlineSeconds = 60, int Copies = 1, int LeaseSeconds = 30,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? ChainDepthMax = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? RestoreBytesMax = null)
{
    /// <summary>Deltas of a chain where the policy names no bound. One damaged link takes at most so many checkpoints with it.</summary>
    public const int ChainDepthDefault = 16;

    /// <summary>Above 50 git found no further gain; a reader refuses a chain of more than 64 links.</summary>
    public const int ChainDepthCeiling = 50;

    /// <summary>
    /// A delta up to this share of its full checkpoint is small: a chain of such deltas can grow at least five deep before it costs twice
    /// the full one. Larger ones stay on the full checkpoint.
    /// </summary>
    public const double SmallDelta = 0.20;

    const long RestoreBytesCeiling = 1L << 53;

    public static SavePolicy Default { get; } = new();

    /// <summary>Deltas that a chain may have, default included.</summary>
    [JsonIgnore]
    public int DepthMax => ChainDepthMax ?? ChainDepthDefault;

    /// <summary>Whether a delta is small enough for the next one to be built on it.</summary>
    public static bool IsSmall(long delta, long full) => delta <= full * SmallDelta;

    /// <summary>Null if the policy can be followed; otherwise what is wrong with which field, got against allowed.</summary>
    public string? Objection() => this switch
    {
        { FullEvery: < 1 or > 10_000 } => $"fullEvery is {FullEvery}; allowed are 1-10,000 saves.",
        { SaveDeadlineSeconds: < 1 or > 86_400 } => $"saveDeadlineSeconds is {SaveDeadlineSeconds}; allowed are 1-86,400 s.",
        { Copies: < 1 or > 16 } => $"copies is {Copies}; allowed are 1-16.",
        { LeaseSeconds: < 1 or > 86_400 } => $"leaseSeconds is {LeaseSeconds}; allowed are 1-86,400 s.",
        { ChainDepthMax: < 1 or > ChainDepthCeiling } => $"chainDepthMax is {ChainDepthMax}; allowed are 1-{ChainDepthCeiling} deltas.",
        { RestoreBytesMax: < 1 or >= RestoreBytesCeiling } => $"restoreBytesMax is {RestoreBytesMax}; allowed are 1-2^53 bytes.",
        _ => null,
    };
}
