using System.Xml.Linq;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Lineage.Tests.Property.House;

/// <summary>Who may know whom (docs/ARCHITECTURE.md), and that decisions stay pure.</summary>
public sealed class ArchitectureTests
{
    static readonly Dictionary<string, string[]> AllowedReferences = new(StringComparer.Ordinal)
    {
        ["Contracts"] = [],
        ["Lineage"] = ["Contracts"],
        ["Agents"] = ["Contracts"],
        ["ChaosHarness"] = ["Contracts", "Lineage", "Agents"],
        ["Cli"] = ["Contracts", "Lineage", "Agents", "ChaosHarness"],
    };

    /// <summary>Folders of the control plane in which nothing but deciding happens.</summary>
    static readonly string[] PureFolders =
    [
        "src/Contracts/Identity", "src/Contracts/Events", "src/Contracts/Messages", "src/Contracts/Api",
        "src/Lineage/Decisions", "src/Lineage/Runs", "src/Lineage/Checkpoints", "src/Lineage/Chains", "src/Lineage/Restores",
        "src/Lineage/Verification", "src/Lineage/References", "src/Lineage/Narration", "src/Lineage/Retention",
        "src/Lineage/Incidents", "src/Lineage/Positions", "src/Lineage/Sanity", "src/Lineage/Comparisons", "src/Lineage/Attesting",
        "src/Lineage/Resharding",
        "src/Lineage/Questions",
        "src/Lineage/Access",
        "src/Lineage/Upcasting",
    ];

    static readonly string[] Effects =
    [
        "Marten", "JasperFx", "Weasel", "Npgsql", "MassTransit", "RabbitMQ", "Microsoft.AspNetCore", "Microsoft.Extensions", "System.Net",
        "System.IO", "System.Diagnostics.Process", "System.Threading.Tasks", "System.Threading",
    ];

    static readonly string[] EffectNames =
        ["TimeProvider", "Random", "File", "Directory", "Environment", "Console", "Task", "Thread", "HttpClient", "Stopwatch"];

    [Theory]
    [InlineData("Contracts"), InlineData("Lineage"), InlineData("Agents"), InlineData("ChaosHarness"), InlineData("Cli")]
    public void A_project_references_only_what_the_architecture_allows(string project)
    {
        var file = XDocument.Load(Path.Combine(Repository.Root, "src", project, $"{project}.csproj"));
        var referenced = file.Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));
        Expect.None(referenced.Except(AllowedReferences[project], StringComparer.Ordinal).Select(name => $"{project} references {name}"));
    }

    [Fact]
    public void Contracts_need_the_base_library_only()
    {
        var file = XDocument.Load(Path.Combine(Repository.Root, "src/Contracts/Contracts.csproj"));
        Assert.Empty(file.Descendants("PackageReference"));
    }

    [Fact]
    public void Agents_speak_messages_and_api_and_never_write_events() => Expect.None(
        from source in Repository.Under("src/Agents")
        from creation in source.Syntax.DescendantNodes().OfType<ObjectCreationExpressionSyntax>()
        where EventNames.Contains(creation.Type.ToString())
        select $"{source.Path}: creates the event {creation.Type}");

    [Fact]
    public void The_judge_shares_no_code_with_the_judged() => Expect.None(
        from source in Repository.Under("src/ChaosHarness/Checkers")
        from name in Usings(source)
        where name.StartsWith("Lineage.", StringComparison.Ordinal) && !name.StartsWith("Lineage.Contracts", StringComparison.Ordinal)
            && !name.StartsWith("Lineage.ChaosHarness", StringComparison.Ordinal)
        select $"{source.Path}: uses {name}");

    [Fact]
    public void Deciding_mentions_no_infrastructure_clock_randomness_or_io() => Expect.None(
        from source in Repository.Under(PureFolders)
        where !source.Path.EndsWith("Endpoints.cs", StringComparison.Ordinal)
        from offence in Usings(source)
            .Where(name => Effects.Any(effect => name == effect || name.StartsWith(effect + ".", StringComparison.Ordinal)))
            .Concat(source.Syntax.DescendantNodes().OfType<IdentifierNameSyntax>().Select(name => name.Identifier.Text)
                .Where(EffectNames.Contains))
            .Distinct(StringComparer.Ordinal)
        select $"{source.Path}: mentions {offence}");

    [Fact]
    public void Torch_is_known_to_training_only() => Expect.None(
        from source in Repository.Under("src")
        where !source.Path.StartsWith("src/Agents/Training/", StringComparison.Ordinal)
        from name in Usings(source)
        where name.StartsWith("TorchSharp", StringComparison.Ordinal)
        select $"{source.Path}: uses {name}");

    [Fact]
    public void MassTransit_stays_behind_the_ports_of_bus_and_reporting() => Expect.None(
        from source in Repository.Under("src")
        where !source.Path.StartsWith("src/Lineage/Bus/", StringComparison.Ordinal)
            && !source.Path.StartsWith("src/Agents/Reporting/", StringComparison.Ordinal)
        from name in Usings(source)
        where name.StartsWith("MassTransit", StringComparison.Ordinal)
        select $"{source.Path}: uses {name}");

    static readonly HashSet<string> EventNames = [.. Contracts.Events.EventCatalog.Names.Keys.Select(type => type.Name)];

    static IEnumerable<string> Usings(SourceFile source) =>
        source.Syntax.DescendantNodes().OfType<UsingDirectiveSyntax>().Select(directive => directive.Name?.ToString() ?? "");
}
