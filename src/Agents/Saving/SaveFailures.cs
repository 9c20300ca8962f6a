using Lineage.Agents.Restoring;
using Lineage.Agents.Shards;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Saving;

/// <summary>
/// Which exceptions of storing a shard are failures of this save, and what they are called. Everything else is a bug and is thrown on.
/// </summary>
static class SaveFailures
{
    public static Problem? ProblemOf(Exception failure, CheckpointId checkpoint) => failure switch
    {
        LineageProblemException known => known.Problem,
        ShardDamagedException => Of(ProblemCodes.ShardDamaged, "Base damaged", checkpoint, failure),
        ShardFormatException => Of(ProblemCodes.ShardDamaged, "Base damaged", checkpoint, failure),
        CaptureDamagedException => Of(ProblemCodes.ShardDamaged, "Capture damaged in memory", checkpoint, failure),
        ShardLayoutException => Of(ProblemCodes.LayoutMismatch, "Other layout than the base", checkpoint, failure),
        IOException or UnauthorizedAccessException => Of(ProblemCodes.Internal, "Shard not stored", checkpoint, failure),
        _ => null,
    };

    static Problem Of(string code, string title, CheckpointId checkpoint, Exception failure) => Problem.Of(
        code, 500, title,
        $"Checkpoint {checkpoint} was not saved by this rank: {failure.Message} Training goes on; the next save opens a new checkpoint.");
}
