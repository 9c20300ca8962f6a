using Lineage.Contracts.Identity;
using Lineage.Questions;

namespace Lineage.Store;

/// <summary>Part of a run's record: the first checkpoints in the order of a question, the chains below them, every generation's newest
/// sealed one.</summary>
/// <param name="First">The first in the order.</param>
/// <param name="IsAll">Nothing comes after them.</param>
public sealed record PictureSlice(RunPicture Picture, IReadOnlySet<CheckpointId> First, bool IsAll);

/// <summary>Part of a descent, nearest first, and the chains below it.</summary>
/// <param name="Next">What the last one continues; null: the initial state.</param>
public sealed record DescentSlice(
    IReadOnlyList<CheckpointOutline> Path, IReadOnlyList<CheckpointOutline> Links, CheckpointId? Next);

/// <summary>Where questions find what they look at: the rows as they are now, or the record as it was.</summary>
public interface IPointSource
{
    /// <summary>Time of the record; null: now.</summary>
    DateTimeOffset? AsOf { get; }

    /// <returns>Null if there is no such run.</returns>
    Task<PictureSlice?> SliceAsync(RunId run, PointQuestion question, int count, CancellationToken ct);

    /// <summary>A checkpoint and what it descends from, across forks.</summary>
    /// <param name="withLinks">Whether the chains below are wanted too.</param>
    Task<DescentSlice> DescentAsync(CheckpointId from, int count, bool withLinks, CancellationToken ct);

    /// <summary>As <see cref="DescentAsync"/>, the identities alone.</summary>
    Task<(IReadOnlyList<CheckpointId> Path, CheckpointId? Next)> PathAsync(CheckpointId from, int count, CancellationToken ct);

    /// <summary>Runs that went on from one, each with its newest sealed checkpoint.</summary>
    Task<IReadOnlyList<ForkTip>> ForksAsync(RunId run, CancellationToken ct);
}
