using System.Globalization;
using System.Text.Json.Serialization;

namespace Lineage.Contracts.Identity;

/// <summary>The part of a checkpoint that one rank owns. Text form <c>run/generation/step/rank</c>.</summary>
[JsonConverter(typeof(TextValueConverter<ShardId>))]
public readonly record struct ShardId(CheckpointId Checkpoint, Rank Rank) : ITextValue<ShardId>
{
    public static ShardId Parse(string text)
    {
        var cut = text.LastIndexOf('/');
        return cut > 0 && CheckpointId.TryParse(text[..cut], out var checkpoint)
            && int.TryParse(text.AsSpan(cut + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var rank) && rank <= Rank.Max
                ? new ShardId(checkpoint, new Rank(rank))
                : throw new FormatException($"\"{text}\" names no shard: expected run/generation/step/rank, for example demo/1/120/3.");
    }

    public override string ToString() => $"{Checkpoint}/{Rank}";
}
