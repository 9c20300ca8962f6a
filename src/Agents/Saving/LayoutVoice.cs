using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Saving;

/// <summary>
/// Tells the service a tensor layout once, so that it can say what a checkpoint is worth on another number of ranks. Rank 0 speaks for
/// all: the layout is the same on every rank. Nothing of a save depends on it, so a failure is noted and tried again with the next save.
/// </summary>
/// <param name="tell">A <see cref="LineageProblemException"/> counts as not told.</param>
public sealed class LayoutVoice(Func<ContentHash, TensorLayout, CancellationToken, Task> tell, Action<string> report)
{
    ContentHash? done;
    bool failed;

    public async Task TellAsync(
        Rank rank, WorldSize world, ContentHash digest, IReadOnlyList<TensorSpec> tensors, CancellationToken ct)
    {
        if (rank.Value != 0 || done == digest) return;
        try
        {
            if (RowSplit.Objection(tensors, rank, world) is { } objection)
                report($"The tensor layout {digest.Short} is not told: {objection}. Its checkpoints restore to the same number of ranks " +
                    "only.");
            else await tell(digest, TensorLayout.Of(world, tensors), ct);
            (done, failed) = (digest, false);
        }
        catch (LineageProblemException e)
        {
            if (!failed) report($"The tensor layout {digest.Short} could not be told and is told again with the next save: {e.Message}");
            failed = true;
        }
    }
}
