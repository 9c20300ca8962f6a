using JasperFx.Events;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Marten.Events.Aggregation;

namespace Lineage.Store;

/// <summary>One stream of access records: where its chain stands.</summary>
/// <param name="Last">Command of the newest event, so that a batch whose commit was ambiguous is not written twice.</param>
public sealed record AccessRow(string Id, long Version, ContentHash? Head = null, string? Last = null) : IStreamRow;

public sealed partial class AccessRows : SingleStreamProjection<AccessRow, string>
{
    public AccessRows()
    {
        IncludeType<AccessRecorded>();
        IncludeType<AuditExported>();
    }

    public override AccessRow? Evolve(AccessRow? snapshot, string id, IEvent e) =>
        new(id, (snapshot?.Version ?? 0) + 1, StreamHead.Of(e), e.GetHeader(MartenSetup.CommandHeader)?.ToString());
}
