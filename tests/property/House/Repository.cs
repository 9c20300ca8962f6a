using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Lineage.Tests.Property.House;

/// <summary>The source tree these tests read: every C# file of the project, parsed once.</summary>
static class Repository
{
    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<SourceFile> Sources { get; } =
        [.. new[] { "src", "tests", "bench" }
            .Select(folder => Path.Combine(Root, folder))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
            .Where(path => !path.Split('/').Any(part => part is "bin" or "obj" or "artifacts"))
            .Order(StringComparer.Ordinal)
            .Select(SourceFile.Read)];

    public static IEnumerable<SourceFile> Under(params string[] folders) =>
        Sources.Where(source => folders.Any(folder => source.Path.StartsWith(folder + "/", StringComparison.Ordinal)));

    static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Lineage.sln"))) return folder.FullName;
        throw new InvalidOperationException($"No Lineage.sln above {AppContext.BaseDirectory}: these tests run inside the repository.");
    }
}

/// <param name="Path">Relative to the root, with '/'.</param>
sealed record SourceFile(string Path, string[] Lines, SyntaxNode Syntax)
{
    public static SourceFile Read(string file)
    {
        var text = File.ReadAllText(file);
        return new SourceFile(
            System.IO.Path.GetRelativePath(Repository.Root, file), text.Split('\n'), CSharpSyntaxTree.ParseText(text).GetRoot());
    }
}
