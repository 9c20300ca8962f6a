using Lineage.Agents.Codec;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Saving;

/// <summary>Who saves, and within which bounds.</summary>
/// <param name="RunDirectory">Where the outbox and the figures of this run lie: <c>runs/{run}</c> below the state directory.</param>
public sealed record SaverOptions(RunId Run, Generation Generation, Rank Rank, WorldSize WorldSize, ActorId Actor, string RunDirectory)
{
    /// <summary>Captures that may wait behind the one on its way; when they are there, the next save waits before it captures.</summary>
    public int WaitingMax { get; init; } = 1;

    public CodecPreset Preset { get; init; } = CodecPreset.Default;

    public SaveBounds Bounds { get; init; } = new(OpenPatience: TimeSpan.FromSeconds(60), ClosePatience: TimeSpan.FromSeconds(65));

    /// <summary>How long a stopping rank waits for its last saves and for the outbox.</summary>
    public TimeSpan DrainPatience { get; init; } = TimeSpan.FromSeconds(90);
}
