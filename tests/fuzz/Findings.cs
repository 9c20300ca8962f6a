using Lineage.Contracts.Identity;

namespace Lineage.Fuzz;

/// <summary>What was found, one file each, with the command that shows it again. Shared by all threads.</summary>
sealed class Findings(string folder, TextWriter log)
{
    const int CountMax = 100;
    readonly Lock gate = new();
    readonly HashSet<ulong> keys = [];

    public int Count { get; private set; }

    /// <summary>One file per way of failing; a campaign that fails everywhere stops writing after a hundred.</summary>
    public void Add(string target, byte[] input, ulong key, string problem)
    {
        lock (gate)
        {
            if (!keys.Add(key) || Count == CountMax) return;
            Count++;
            Directory.CreateDirectory(folder);
            var file = Path.Combine(folder, $"{ContentHash.Of(input).Hex[..16]}.bin");
            File.WriteAllBytes(file, input);
            log.WriteLine($"finding in {target}: {problem}");
            log.WriteLine($"  replay: ./dev fuzz --replay {Path.GetRelativePath(Places.Root, file)} --target {target}");
        }
    }
}
