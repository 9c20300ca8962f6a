using Lineage.Contracts.Identity;

namespace Lineage.Runs;

/// <summary>A row of the lease table.</summary>
/// <param name="Until">Validity as last renewed, by the service's clock.</param>
public sealed record HeldLease(RunId Run, Generation Generation, int LeaseSeconds, DateTimeOffset Until);

/// <summary>Finds leases whose holder fell silent. A process manager: a pure step, called again and again with fresh rows.</summary>
public static class LeaseExpiry
{
    /// <param name="answeringSince">
    /// Since when the service has been able to take renewals without a break. A holder could not renew before that, so its lease lasts at
    /// least its own length from there: an outage of the service expires nobody.
    /// </param>
    public static IReadOnlyList<RunCommand.ExpireLease> Step(IEnumerable<HeldLease> leases, DateTimeOffset answeringSince,
        DateTimeOffset now) =>
        [.. leases
            .Where(lease => now >= lease.Until && now >= answeringSince.AddSeconds(lease.LeaseSeconds))
            .OrderBy(static lease => lease.Until).ThenBy(static lease => lease.Run)
            .Select(lease => new RunCommand.ExpireLease(lease.Run, lease.Generation, lease.Until, now))];
}
