using Lineage.Fuzz.Targets;

namespace Lineage.Fuzz;

/// <summary>Where inputs come from and findings go; and the list of targets.</summary>
static class Places
{
    public static readonly string[] Targets = ["shard", "manifest", "safetensors", "safetensors-index", "header"];

    public static string Root { get; } = FindRoot();

    public static string Findings => Path.Combine(Root, "artifacts", "fuzz");

    public static string Corpus(string target) => Path.Combine(Root, "tests", "fuzz", "corpus", target);

    /// <summary>Inputs that are whole: made by <see cref="Fuzz.Seeds"/>.</summary>
    public static List<byte[]> Seeds(string target) => In(Corpus(target));

    /// <summary>Inputs that did something new, kept by <c>--write-corpus</c>; most of them are refused.</summary>
    public static List<byte[]> Found(string target) => In(FoundFolder(target));

    public static string FoundFolder(string target) => Path.Combine(Corpus(target), "found");

    /// <summary>In the order of their names, so that a seed reproduces a campaign.</summary>
    static List<byte[]> In(string folder) => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder, "*.bin").Order(StringComparer.Ordinal).Select(File.ReadAllBytes)]
        : [];

    /// <exception cref="FormatException">There is no target of that name.</exception>
    public static FuzzTarget Create(string target) => target switch
    {
        "shard" => new ShardTarget(Seeds(target)),
        "manifest" => new ManifestTarget(),
        "safetensors" => new SafetensorsTarget(),
        "safetensors-index" => new SafetensorsIndexTarget(),
        "header" => new HeaderTarget(),
        _ => throw new FormatException($"There is no target \"{target}\"; there are: {string.Join(", ", Targets)}, all."),
    };

    static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Lineage.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException($"No Lineage.sln above {AppContext.BaseDirectory}: the fuzzer runs inside the repository.");
    }
}
