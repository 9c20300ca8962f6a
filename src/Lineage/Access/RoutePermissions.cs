using System.Collections.Frozen;

namespace Lineage.Access;

/// <summary>What a route asks of its caller; who has which is said by <see cref="Caller.May"/>.</summary>
public enum Permission
{
    /// <summary>No authentication: health, and the description of the API.</summary>
    Anybody,

    /// <summary>Any role.</summary>
    Read,

    /// <summary>Facts, leases, saves and recoveries: agent and above.</summary>
    Report,

    /// <summary>What people decide about runs and checkpoints: operator and above.</summary>
    Operate,

    /// <summary>Keys, lifting holds, policies: admin.</summary>
    Administer,

    /// <summary>The audit trail: auditor and admin.</summary>
    Audit,
}

/// <summary>
/// The one table of who may call what: name of the route, or its pattern where it has no name. A test asserts that every mapped route is
/// in it; a route that is not needs an admin.
/// </summary>
public static class RoutePermissions
{
    public static FrozenDictionary<string, Permission> Table { get; } = new Dictionary<string, Permission>(StringComparer.Ordinal)
    {
        ["/health/live"] = Permission.Anybody,
        ["/health/ready"] = Permission.Anybody,
        ["/health/startup"] = Permission.Anybody,
        ["/openapi/{documentName}.json"] = Permission.Anybody,
        ["/docs/{documentName?}"] = Permission.Anybody,
        ["/docs/scalar.js"] = Permission.Anybody,
        ["/docs/scalar.aspnetcore.js"] = Permission.Anybody,
        ["/docs/favicon.svg"] = Permission.Anybody,

        ["/metrics"] = Permission.Read,
        ["who-am-i"] = Permission.Read,
        ["get-service"] = Permission.Read,
        ["list-runs"] = Permission.Read,
        ["get-run"] = Permission.Read,
        ["get-log"] = Permission.Read,
        ["stream-log"] = Permission.Read,
        ["get-checkpoint"] = Permission.Read,
        ["get-manifest"] = Permission.Read,
        ["get-chain"] = Permission.Read,
        ["list-checkpoints"] = Permission.Read,
        ["list-pending-verifications"] = Permission.Read,
        ["list-restore-points"] = Permission.Read,
        ["get-recovery"] = Permission.Read,
        ["resolve"] = Permission.Read,
        ["plan-restore"] = Permission.Read,
        ["get-layout"] = Permission.Read,
        ["get-series"] = Permission.Read,
        ["list-spikes"] = Permission.Read,
        ["get-continuity"] = Permission.Read,
        ["get-evidence"] = Permission.Read,
        ["get-exposure"] = Permission.Read,
        ["get-blast-radius"] = Permission.Read,
        ["get-dead-letter"] = Permission.Read,
        ["list-dead-letters"] = Permission.Read,
        ["list-findings"] = Permission.Read,
        ["list-incomplete-saves"] = Permission.Read,
        ["list-restores-of-checkpoint"] = Permission.Read,
        ["list-restores-of-run"] = Permission.Read,
        ["list-compatible-restore-points"] = Permission.Read,
        ["list-holders"] = Permission.Read,
        ["list-pending-reclaims"] = Permission.Read,
        ["list-retained-runs"] = Permission.Read,
        ["plan-reshard"] = Permission.Read,
        ["plan-retention"] = Permission.Read,
        ["compare-checkpoints"] = Permission.Read,
        ["best-restore-point"] = Permission.Read,
        ["cheapest-restore-point"] = Permission.Read,
        ["latest-restore-point"] = Permission.Read,
        ["restore-points-along-ancestry"] = Permission.Read,
        ["common-ancestor"] = Permission.Read,
        ["get-ancestors"] = Permission.Read,
        ["get-branches"] = Permission.Read,

        ["register-run"] = Permission.Report,
        ["take-lease"] = Permission.Report,
        ["renew-lease"] = Permission.Report,
        ["release-lease"] = Permission.Report,
        ["join-rank"] = Permission.Report,
        ["complete-run"] = Permission.Report,
        ["open-checkpoint"] = Permission.Report,
        ["abandon-checkpoint"] = Permission.Report,
        ["report-rank-failure"] = Permission.Report,
        ["post-messages"] = Permission.Report,
        ["start-recovery"] = Permission.Report,
        ["choose-again"] = Permission.Report,
        ["report-rank-restored"] = Permission.Report,
        ["add-series"] = Permission.Report,
        ["put-layout"] = Permission.Report,
        ["record-metrics"] = Permission.Report,
        ["record-export"] = Permission.Report,
        ["start-reclaim"] = Permission.Report,
        ["report-reclaimed"] = Permission.Report,

        ["archive-run"] = Permission.Operate,
        ["fork-run"] = Permission.Operate,
        ["rewind-run"] = Permission.Operate,
        ["place-tag"] = Permission.Operate,
        ["remove-tag"] = Permission.Operate,
        ["pin-checkpoint"] = Permission.Operate,
        ["unpin-checkpoint"] = Permission.Operate,
        ["place-hold"] = Permission.Operate,
        ["change-retention"] = Permission.Operate,
        ["apply-retention"] = Permission.Operate,
        ["undo-expiry"] = Permission.Operate,
        ["rebase-checkpoint"] = Permission.Operate,
        ["undo-retention-plan"] = Permission.Operate,
        ["replay-dead-letter"] = Permission.Operate,
        ["discard-dead-letter"] = Permission.Operate,

        ["lift-hold"] = Permission.Administer,
        ["change-policy"] = Permission.Administer,
        ["issue-key"] = Permission.Administer,
        ["revoke-key"] = Permission.Administer,
        ["list-keys"] = Permission.Audit,
        ["get-key"] = Permission.Audit,
        ["list-audit-events"] = Permission.Audit,
        ["get-audit-event"] = Permission.Audit,
        ["get-audit-heads"] = Permission.Audit,
        ["check-audit-heads"] = Permission.Audit,
        ["export-audit"] = Permission.Audit,
        ["verify-audit"] = Permission.Audit,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static Permission Of(string route) => Table.GetValueOrDefault(route, Permission.Administer);
}
