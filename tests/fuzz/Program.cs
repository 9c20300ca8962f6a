using System.Text.Json;
using Lineage.Contracts.Identity;

namespace Lineage.Fuzz;

/// <summary><c>./dev fuzz</c>: hurls altered inputs at every reader. Exit code 0: nothing found; 1: findings; 2: wrong arguments.</summary>
static class Program
{
    const int DefaultSeconds = 60, KeptBytesMax = 4_096;

    static int Main(string[] arguments)
    {
        try
        {
            var options = Options.Parse(arguments);
            if (options.WriteSeeds) return Seeds.Write(Console.Error);
            if (options.Replay is { } file) return Replay(options.Target, file);
            return Run(options.Executions is null && options.Seconds is null ? options with { Seconds = DefaultSeconds } : options);
        }
        catch (FormatException e)
        {
            Console.Error.WriteLine($"fuzz: {e.Message}");
            return 2;
        }
    }

    static int Replay(string target, string file)
    {
        var input = File.ReadAllBytes(file);
        var ending = new Oracle(TimeProvider.System).Run(Places.Create(target), input);
        var outcome = ending.Refusal is { } refusal ? $"refused: {refusal}" : "read";
        Console.Out.WriteLine(ending.Problem ?? $"{outcome}, {ending.AllocatedBytes:N0} bytes allocated");
        return ending.Problem is null ? 0 : 1;
    }

    static int Run(Options options)
    {
        var campaign = new Campaign(options, TimeProvider.System, ownProcess: true, Console.Error);
        using (new Watch(campaign, TimeProvider.System, Console.Error)) campaign.Run();
        if (options.WriteCorpus) Keep(campaign);
        Report(campaign, options);
        return campaign.Findings.Count == 0 ? 0 : 1;
    }

    /// <summary>Small inputs only: the corpus is part of the repository.</summary>
    static void Keep(Campaign campaign)
    {
        foreach (var (target, input) in campaign.Workers.SelectMany(static worker => worker.Found))
        {
            if (input.Length > KeptBytesMax) continue;
            Directory.CreateDirectory(Places.FoundFolder(target));
            File.WriteAllBytes(Path.Combine(Places.FoundFolder(target), $"{ContentHash.Of(input).Hex[..16]}.bin"), input);
        }
    }

    static void Report(Campaign campaign, Options options)
    {
        var targets = new Dictionary<string, TargetFigures>(StringComparer.Ordinal);
        foreach (var (name, figures) in campaign.Workers.SelectMany(static worker => worker.Figures))
        {
            if (!targets.TryGetValue(name, out var sum)) targets[name] = sum = new TargetFigures();
            sum.Add(figures);
        }

        var seconds = campaign.Seconds;
        Console.Out.WriteLine(JsonSerializer.Serialize(
            new
            {
                campaign.Executions,
                Seconds = Math.Round(seconds, 1),
                PerSecond = Math.Round(campaign.Executions / seconds),
                Targets = targets,
                Findings = campaign.Findings.Count,
                Corpus = campaign.Workers.Sum(static worker => worker.CorpusCount),
                MaxAllocatedBytes = campaign.Workers.Max(static worker => worker.AllocatedBytesMax),
                PeakResidentBytes = ProcessMemory.PeakBytes(),
                options.Seed,
                options.Threads,
            },
            SnakeCase));
    }

    static readonly JsonSerializerOptions SnakeCase = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };
}
