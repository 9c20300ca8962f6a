using Lineage.Tests.Service.Http;

namespace Lineage.Tests.Service.Audit;

/// <summary>One server for all of these; each test has a run of its own, and some leave theirs damaged.</summary>
[CollectionDefinition(Name)]
public sealed class AuditCollection : ICollectionFixture<SharedServer>
{
    public const string Name = "audit";
}
