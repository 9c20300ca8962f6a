using System.Runtime.CompilerServices;
using Lineage.Cli.Rendering;

namespace Lineage.Tests.Property.Cli;

/// <summary>
/// Compares a page with the text in <c>Golden/NAME.txt</c>. With LINEAGE_GOLDEN=write the file is written instead and the test fails, so
/// that a person looks at it before it counts.
/// </summary>
static class GoldenPage
{
    public static void Check(string name, IReadOnlyList<Line> page, [CallerFilePath] string here = "") => Check(name, page.Text(), here);

    public static void Check(string name, string text, [CallerFilePath] string here = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(here)!, "Golden", $"{name}.txt");
        if (string.Equals(Environment.GetEnvironmentVariable("LINEAGE_GOLDEN"), "write", StringComparison.Ordinal))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text + "\n");
            Assert.Fail($"{path} was written. Look at it, then run without LINEAGE_GOLDEN.");
        }

        Assert.True(File.Exists(path), $"{path} does not exist. Write it with LINEAGE_GOLDEN=write and look at it.");
        Assert.Equal(File.ReadAllText(path).ReplaceLineEndings("\n").TrimEnd('\n'), text);
    }
}
