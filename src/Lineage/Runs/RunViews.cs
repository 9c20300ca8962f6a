using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Runs;

/// <summary>A run as the API shows it.</summary>
public static class RunViews
{
    /// <param name="restoring">The recovery of the current generation is under way.</param>
    /// <param name="leaseUntil">What the lease row says; null if there is no row.</param>
    /// <param name="version">Version of the run's stream, for If-Match.</param>
    public static RunView View(Run run, bool restoring, DateTimeOffset? leaseUntil, CheckpointId? newestSealed,
        CheckpointId? newestVerified, long version)
    {
        var held = run.Lease == LeasePhase.Held;
        return new RunView(
            run.Id, run.PhaseWhile(restoring), run.Generation, held ? run.Holder : null, run.WorldSize, run.Policy, run.Labels,
            run.RegisteredAt,
            held ? leaseUntil : null, newestSealed, newestVerified, run.Completed?.FinalStep, run.Completed?.StateDigest, version)
        {
            Origin = run.Origin,
            Retention = run.Retention,
            Tags = run.Tags is { IsEmpty: false } tags ? tags : null,
            Rewound = run.Rewound is { } rewinds
                ? [.. rewinds.Select(static r => new RewindView(r.To, r.Generation, r.Reason, r.At))]
                : null,
            Archived = run.Archived is { } archived ? new ArchiveView(archived.Reason, archived.At) : null,
        };
    }
}
