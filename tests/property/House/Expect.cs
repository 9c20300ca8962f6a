namespace Lineage.Tests.Property.House;

static class Expect
{
    /// <summary>Fails with the whole list, so that one run shows everything there is to mend.</summary>
    public static void None(IEnumerable<string> offences)
    {
        var all = offences.Order(StringComparer.Ordinal).ToList();
        Assert.True(all.Count == 0, string.Join('\n', all.Prepend($"{all.Count} offences:")));
    }
}
