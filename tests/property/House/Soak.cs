namespace Lineage.Tests.Property.House;

/// <summary>How many cases a law gets. <c>FSCHECK_</c>-like settings are constants of attributes, so longer runs multiply inside the
/// case: <c>LINEAGE_SOAK=100</c> makes each of these laws a hundred times as long.</summary>
static class Soak
{
    /// <summary>What CI runs.</summary>
    public const int Laws = 10_000;
}
