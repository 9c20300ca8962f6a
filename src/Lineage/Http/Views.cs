using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Restores;
using Lineage.Runs;
using Lineage.Store;

namespace Lineage.Http;

/// <summary>Gathers the rows that a view is made of.</summary>
public sealed class Views(Queries queries, RunHistories histories)
{
    static readonly string[] SealedPhases = ["sealed", "verified"], VerifiedPhases = ["verified"];

    public async Task<RunView> OfAsync(RunRow row, CancellationToken ct)
    {
        var run = row.State;
        var recovery = await queries.RecoveryAsync(new RecoveryId(run.Id, run.Generation), ct);
        var (newestSealed, newestVerified) = await NewestAsync(run, ct);
        return RunViews.View(
            run, restoring: recovery?.State.Phase == RecoveryPhase.Restoring, await queries.LeaseUntilAsync(run.Id, run.Generation, ct),
            newestSealed, newestVerified, row.Version);
    }

    /// <summary>Of a run that was rewound, what is newest may lie behind the rewind; then the history says what counts.</summary>
    async Task<(CheckpointId? Sealed, CheckpointId? Verified)> NewestAsync(Run run, CancellationToken ct)
    {
        if (run.Rewound is null)
            return (await queries.NewestAsync(run.Id, SealedPhases, ct), await queries.NewestAsync(run.Id, VerifiedPhases, ct));
        var history = await histories.ForWritingAsync(run, run.Generation, ct);
        return (history.Candidates.FirstOrDefault(static c => c.IsUsableBase)?.Id,
            history.Candidates.FirstOrDefault(static c => c.Phase == CheckpointPhase.Verified)?.Id);
    }

    /// <summary>Null if there is no such checkpoint.</summary>
    public async Task<ChainView?> ChainAsync(CheckpointId target, CancellationToken ct)
    {
        var links = await queries.WithBasesAsync(target, ct);
        return links.TryGetValue(target, out var found) ? ChainBuilder.View(found, id => links.GetValueOrDefault(id)) : null;
    }

    public async Task<RecoveryView> OfAsync(RecoveryRow row, CancellationToken ct)
    {
        var id = row.State.Id;
        var run = (await queries.RunAsync(id.Run, ct))!.State;
        return RecoveryViews.View(
            row.State, run, await queries.LeaseUntilAsync(id.Run, id.Generation, ct),
            row.State.Chosen is { } chosen ? await ChainAsync(chosen, ct) : null);
    }
}
