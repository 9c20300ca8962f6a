using System.Globalization;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Mutants;

/// <summary>
/// Builds all mutants into one program, from a copy of the sources: production code carries no switch. Which of them is on is a number per
/// thread, 0 for none, so that one build serves every one of them (mutant schemata, Untch and others, ISSTA 1993).
/// </summary>
public sealed class MutantWorkshop(string root)
{
    static readonly string[] Projects = ["Contracts", "Lineage", "Agents", "ChaosHarness"];

    static readonly string[] Beside =
        ["Directory.Build.props", "Directory.Packages.props", "global.json", "BannedSymbols.txt", ".editorconfig"];

    readonly string shop = Path.Combine(root, "artifacts", "mutants");

    public string TableFile => Path.Combine(root, "tests", "chaos", "Mutants", "mutants.json");

    /// <summary>The root of the checkout that holds <paramref name="directory"/>; null outside of one.</summary>
    public static string? RootOf(string directory)
    {
        for (var at = new DirectoryInfo(Path.GetFullPath(directory)); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "Lineage.sln"))) return at.FullName;
        return null;
    }

    /// <returns>The program to run; see <see cref="MutantHost"/>.</returns>
    /// <exception cref="MutantException">A place was not found exactly once, or the build failed.</exception>
    public async Task<string> BuildAsync(CancellationToken ct)
    {
        var table = Mutant.Table(await File.ReadAllBytesAsync(TableFile, ct));
        Copy(Projects, "[System.ThreadStatic] public static int On;");
        for (var i = 0; i < table.Count; i++) Apply(table[i], i + 1);
        Host();
        return await BuildAsync("Mutated", "mutated", ct);
    }

    /// <summary>The whole command line with one defect in it, for replays with real processes.</summary>
    /// <returns>The program.</returns>
    /// <exception cref="MutantException">There is no such mutant, its place was not found exactly once, or the build failed.</exception>
    public async Task<string> PlantAsync(string name, CancellationToken ct)
    {
        var table = Mutant.Table(await File.ReadAllBytesAsync(TableFile, ct));
        var planted = table.FirstOrDefault(one => string.Equals(one.Name, name, StringComparison.Ordinal))
            ?? throw new MutantException($"There is no mutant \"{name}\"; 'lineage chaos mutants' lists them.");
        Copy([.. Projects, "Cli"], "public static int On = 1;");
        Apply(planted, 1);
        return await BuildAsync("Cli", "lineage", ct);
    }

    async Task<string> BuildAsync(string project, string program, CancellationToken ct)
    {
        string[] arguments =
        [
            "build", Path.Combine(shop, "src", project, $"{project}.csproj"), "-c", "Release", "-v", "quiet", "--nologo",
            "-p:TreatWarningsAsErrors=false", "-p:RunAnalyzers=false", "-p:EnforceCodeStyleInBuild=false",
            "-p:GenerateDocumentationFile=false", "-p:RestoreLockedMode=false", "-nodeReuse:false",
        ];
        var (exitCode, output) = await ProgramRun.Async("dotnet", arguments, ct);
        return exitCode == 0
            ? Path.Combine(shop, "artifacts", "bin", project, "release", program)
            : throw new MutantException($"The mutated sources do not build:\n{output}");
    }

    void Copy(IEnumerable<string> projects, string @switch)
    {
        if (Directory.Exists(Path.Combine(shop, "src"))) Directory.Delete(Path.Combine(shop, "src"), recursive: true);
        Directory.CreateDirectory(shop);
        foreach (var name in Beside)
            if (File.Exists(Path.Combine(root, name))) File.Copy(Path.Combine(root, name), Path.Combine(shop, name), overwrite: true);
        foreach (var project in projects)
            foreach (var file in Directory.EnumerateFiles(Path.Combine(root, "src", project), "*", SearchOption.AllDirectories))
            {
                var target = Path.Combine(shop, "src", Path.GetRelativePath(Path.Combine(root, "src"), file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target);
            }

        File.WriteAllText(Path.Combine(shop, "src", "Contracts", "Mutation.cs"),
            $"namespace Lineage.Contracts;\n\npublic static class Mutation\n{{\n    {@switch}\n}}\n");
    }

    void Apply(Mutant mutant, int number)
    {
        var path = Path.Combine(shop, "src", mutant.File);
        if (!File.Exists(path)) throw new MutantException($"Mutant {mutant.Name} names {mutant.File}, which is not there.");
        var text = File.ReadAllText(path);
        var at = text.IndexOf(mutant.Find, StringComparison.Ordinal);
        if (at < 0 || text.IndexOf(mutant.Find, at + 1, StringComparison.Ordinal) >= 0)
            throw new MutantException($"Mutant {mutant.Name}: expected its place exactly once in {mutant.File}, found it "
                + $"{(at < 0 ? "nowhere" : "more than once")}. Put what the code says now into {Path.GetFileName(TableFile)}.");
        var isOn = $"(global::Lineage.Contracts.Mutation.On == {number.ToString(CultureInfo.InvariantCulture)})";
        File.WriteAllText(
            path, text.Replace(mutant.Find, mutant.Replace.Replace("{on}", isOn, StringComparison.Ordinal), StringComparison.Ordinal));
    }

    void Host()
    {
        var folder = Directory.CreateDirectory(Path.Combine(shop, "src", "Mutated")).FullName;
        File.WriteAllText(Path.Combine(folder, "Mutated.csproj"), """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <AssemblyName>mutated</AssemblyName>
                <TieredPGO>true</TieredPGO>
                <TieredCompilationQuickJitForLoops>false</TieredCompilationQuickJitForLoops>
              </PropertyGroup>
              <ItemGroup>
                <FrameworkReference Include="Microsoft.AspNetCore.App" />
                <ProjectReference Include="../ChaosHarness/ChaosHarness.csproj" />
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(
            Path.Combine(folder, "Program.cs"),
            "return Lineage.ChaosHarness.Mutants.MutantHost.Run(args, static on => Lineage.Contracts.Mutation.On = on);\n");
    }
}
