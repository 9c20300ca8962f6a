namespace Lineage.ChaosHarness.Checkers;

/// <summary>The dockets of all invariants.</summary>
sealed class Bench
{
    readonly Dictionary<string, Docket> dockets = Promises.All.ToDictionary(
        static one => one.Id, static one => new Docket(one.Id, one.Promise), StringComparer.Ordinal);

    public Docket this[string id] => dockets[id];

    public IReadOnlyList<InvariantVerdict> Close() => [.. Promises.All.Select(one => dockets[one.Id].Close())];
}
