using Lineage.Tests.Property.House;

namespace Lineage.Tests.Property.Format;

/// <summary>
/// Files under tests/golden that were written once and are read for ever. A missing one is created by running the tests with
/// <c>LINEAGE_GOLDEN=create</c>; an existing one is never written again.
/// </summary>
static class Golden
{
    public static string Folder { get; } = Path.Combine(Repository.Root, "tests", "golden");

    public static byte[] Read(string name, Func<byte[]> create)
    {
        var path = Path.Combine(Folder, name);
        if (!File.Exists(path) && string.Equals(Environment.GetEnvironmentVariable("LINEAGE_GOLDEN"), "create", StringComparison.Ordinal))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, create());
        }

        Assert.True(
            File.Exists(path),
            $"tests/golden/{name} is missing. Run once with LINEAGE_GOLDEN=create, look at what it wrote, and commit it.");
        return File.ReadAllBytes(path);
    }
}
