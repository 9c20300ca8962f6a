using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Lineage.Tests.Property.House;

/// <summary>The rules of the house that a machine can check. The exception lists may only shrink; each entry says why.</summary>
public sealed partial class TidyTests
{
    const int FileLinesMax = 300, FunctionLinesMax = 40, StateMachineLinesMax = 70, LineLengthMax = 140;

    /// <summary>Kernels and one-screen state machines, up to 70 lines: <c>path: function</c> and the reason.</summary>
    static readonly Dictionary<string, string> LongFunctions = new(StringComparer.Ordinal)
    {
        ["src/Agents/Codec/Kernels/Sha256Rounds.cs: Compress"] = "64 rounds, written out so that eight variables stay in registers",
    };

    [Fact]
    public void No_file_is_longer_than_a_reader_can_hold() => Expect.None(
        from source in Repository.Sources
        let lines = source.Lines.Length
        where lines > FileLinesMax + 1
        select $"{source.Path}: {lines} lines, at most {FileLinesMax}");

    [Fact]
    public void No_line_is_longer_than_the_screen() => Expect.None(
        from source in Repository.Sources
        from line in source.Lines.Index()
        where line.Item.Length > LineLengthMax
        select $"{source.Path}:{line.Index + 1}: {line.Item.Length} characters, at most {LineLengthMax}");

    [Fact]
    public void No_function_is_longer_than_a_screen() => Expect.None(
        from source in Repository.Sources
        from function in source.Syntax.DescendantNodes().Where(node => node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax)
        let span = function.GetLocation().GetLineSpan()
        let lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1
        let name = NameOf(function)
        where lines > (LongFunctions.ContainsKey($"{source.Path}: {name}") ? StateMachineLinesMax : FunctionLinesMax)
        select $"{source.Path}: {name} has {lines} lines, at most {FunctionLinesMax}");

    [Fact]
    public void Every_exception_is_still_needed() => Expect.None(
        from entry in LongFunctions.Keys
        where !Repository.Sources.Any(source => source.Syntax.DescendantNodes()
            .Any(node => node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax && $"{source.Path}: {NameOf(node)}" == entry))
        select $"{entry}: no such function any more");

    [Fact]
    public void No_work_is_left_behind_in_comments() => Expect.None(
        from source in Repository.Sources
        where !source.Path.EndsWith("TidyTests.cs", StringComparison.Ordinal)
        from line in source.Lines.Index()
        where LeftBehind().IsMatch(line.Item)
        select $"{source.Path}:{line.Index + 1}: {line.Item.Trim()}");

    [Fact]
    public void The_namespace_is_the_folder() => Expect.None(
        from source in Repository.Sources
        let declared = source.Syntax.DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>().FirstOrDefault()?.Name.ToString()
        let expected = ExpectedNamespace(source.Path)
        where declared is not null && expected is not null && declared != expected
        select $"{source.Path}: namespace {declared}, expected {expected}");

    [Fact]
    public void Public_types_avoid_words_that_say_nothing() => Expect.None(
        from source in Repository.Under("src")
        from type in source.Syntax.DescendantNodes().OfType<BaseTypeDeclarationSyntax>()
        where SaysNothing().IsMatch(type.Identifier.Text)
        select $"{source.Path}: {type.Identifier.Text}");

    static string NameOf(SyntaxNode function) => function switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
        LocalFunctionStatementSyntax local => local.Identifier.Text,
        _ => function.GetType().Name,
    };

    static string? ExpectedNamespace(string path)
    {
        string[] parts = path.Split('/');
        string? root = (parts[0], parts[1]) switch
        {
            ("src", "Contracts") => "Lineage.Contracts",
            ("src", "Lineage") => "Lineage",
            ("src", "Agents") => "Lineage.Agents",
            ("src", "ChaosHarness") => "Lineage.ChaosHarness",
            ("src", "Cli") => "Lineage.Cli",
            ("tests", "property") => "Lineage.Tests.Property",
            ("tests", "service") => "Lineage.Tests.Service",
            ("tests", "chaos") => "Lineage.Tests.Chaos",
            ("tests", "shared") => "Lineage.Tests.Shared",
            ("tests", "fuzz") => "Lineage.Fuzz",
            _ => null,
        };
        return root is null ? null : string.Join('.', [root, .. parts[2..^1]]);
    }

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b(?!\(#\d+\))", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex LeftBehind();

    [GeneratedRegex(
        "(Manager|Helper|Helpers|Utils|Util|Service|Data|Info|Base)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex SaysNothing();
}
