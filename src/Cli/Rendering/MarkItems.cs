using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Rendering;

// Shapes of JSON of the lists of marks, one item per line.

/// <summary><c>tag list</c>.</summary>
internal sealed record TagItem(RunId Run, string Tag, CheckpointId Checkpoint)
{
    public static IReadOnlyList<TagItem> Of(RunView run) =>
        [.. (run.Tags ?? new Dictionary<string, CheckpointId>(StringComparer.Ordinal))
            .OrderBy(static tag => tag.Key, StringComparer.Ordinal).Select(tag => new TagItem(run.Run, tag.Key, tag.Value))];

    /// <summary>What it names; null: nothing.</summary>
    public static CheckpointId? Named(RunView run, string tag) =>
        run.Tags is { } tags && tags.TryGetValue(tag, out var checkpoint) ? checkpoint : null;

    /// <summary>Names of a checkpoint.</summary>
    public static IReadOnlyList<string> Of(RunView run, CheckpointId checkpoint) =>
        [.. Of(run).Where(item => item.Checkpoint == checkpoint).Select(static item => item.Tag)];
}

/// <summary><c>hold list</c>.</summary>
internal sealed record HoldItem(CheckpointId Checkpoint, string Hold, ActorId By, string Reason, DateTimeOffset At)
{
    public static IReadOnlyList<HoldItem> Of(IEnumerable<CheckpointView> views) =>
        [.. views.SelectMany(static view => (view.Holds ?? [])
            .Select(hold => new HoldItem(view.Checkpoint, hold.Hold, hold.By, hold.Reason, hold.At)))];
}

/// <summary><c>metrics show</c>.</summary>
internal sealed record MetricsItem(CheckpointId Checkpoint, IReadOnlyDictionary<string, double?> Metrics);
