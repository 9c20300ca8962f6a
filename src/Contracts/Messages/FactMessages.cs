using System.Text.Json.Serialization;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Messages;

/// <summary>
/// Something that has happened in the data plane. Sent at least once and in any order; the checkpoint's own state makes repeats harmless.
/// <see cref="Id"/> derives from what is said, so a restarted sender repeats the same message.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ShardDiffReported), "shard-diff-reported.v1")]
[JsonDerivedType(typeof(ShardStoreReported), "shard-store-reported.v1")]
[JsonDerivedType(typeof(ShardVerificationReported), "shard-verification-reported.v1")]
public abstract record FactMessage
{
    public required MessageId Id { get; init; }

    public required CheckpointId Checkpoint { get; init; }

    public required Rank Rank { get; init; }

    /// <summary>Who says it.</summary>
    public required ActorId Actor { get; init; }

    /// <summary>Ties together everything that belongs to one save; a W3C trace id where there is one.</summary>
    public required string Correlation { get; init; }
}

/// <summary>The figures of one encoded shard (see <see cref="ShardDiffed"/>).</summary>
public sealed record DiffFigures(
    ContentHash? BaseRoot, long RawBytes, long EncodedBytes, ChunkModeCounts Modes, long EncodeMicroseconds, long StallMicroseconds);

/// <summary>A rank has encoded its shard; nothing is durable yet.</summary>
public sealed record ShardDiffReported : FactMessage
{
    public required DiffFigures Diff { get; init; }
}

/// <summary>A rank's shard is durable. Implies its diff, so it may overtake <see cref="ShardDiffReported"/>.</summary>
public sealed record ShardStoreReported : FactMessage
{
    public required DiffFigures Diff { get; init; }

    public required ContentHash Root { get; init; }

    public required long StoredBytes { get; init; }

    public required string Tier { get; init; }

    public required string ObjectKey { get; init; }
}

/// <summary>Somebody read a stored shard back (see <see cref="ShardVerified"/>).</summary>
public sealed record ShardVerificationReported : FactMessage
{
    public required Finding Finding { get; init; }

    public required VerificationDepth Depth { get; init; }

    /// <summary>Root that the verifier computed from the bytes; null when it could not.</summary>
    public ContentHash? Root { get; init; }

    public string? Detail { get; init; }

    public required long ReadBytes { get; init; }
}

/// <summary>Several facts at once: what one HTTP post carries, and what a sender with more than one fact hands to the broker.</summary>
public sealed record FactBatch(IReadOnlyList<FactMessage> Messages)
{
    /// <summary>A sender puts no more into one message of the broker, which keeps them all in memory together.</summary>
    public const int PublishedMax = 256;

    /// <summary>More in one post are refused.</summary>
    public const int MessagesMax = 1_000;
}
