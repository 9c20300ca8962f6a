namespace Lineage.Tests.Service.Http;

/// <summary>One server for all classes that look at what holds of every route; each test has runs of its own.</summary>
[CollectionDefinition(Name)]
public sealed class OneServer : ICollectionFixture<SharedServer>
{
    public const string Name = "one server";
}
