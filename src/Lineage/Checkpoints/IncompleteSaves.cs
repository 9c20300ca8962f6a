using Lineage.Contracts.Api;

namespace Lineage.Checkpoints;

/// <summary>Saves that are not closed, or were closed without all their shards, as the API shows them.</summary>
public static class IncompleteSaves
{
    public static IncompleteSave View(Checkpoint checkpoint)
    {
        var missing = checkpoint.Abandoned?.MissingRanks ?? checkpoint.MissingRanks();
        var encoded = missing.ToLookup(rank => checkpoint.Shard(rank).Diffed is not null);
        return new IncompleteSave(
            checkpoint.Id, checkpoint.Phase, checkpoint.Opened.WorldSize, checkpoint.Opened.Copies, [.. encoded[true]], [.. encoded[false]],
            checkpoint.Opened.OpenedAt, checkpoint.Opened.Deadline,
            checkpoint.Shards.Values.SelectMany(static shard => shard.Stored).Select(static copy => (DateTimeOffset?)copy.At).Max(),
            CheckpointViews.Cause(checkpoint));
    }
}
