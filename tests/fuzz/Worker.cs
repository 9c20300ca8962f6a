using Lineage.Fuzz.Targets;

namespace Lineage.Fuzz;

/// <summary>One thread of a campaign: its own targets, inputs and random numbers, so that what it does follows from the seed.</summary>
sealed class Worker
{
    readonly List<(FuzzTarget Target, Inputs Inputs)> targets = [];
    readonly Random random;
    readonly Oracle oracle;
    readonly Findings findings;
    volatile byte[]? currentInput;
    volatile string currentTarget = "";

    public Worker(IEnumerable<string> names, int seed, Oracle oracle, Findings findings)
    {
        random = new Random(seed);
        this.oracle = oracle;
        this.findings = findings;
        foreach (var name in names)
        {
            targets.Add((Places.Create(name), new Inputs()));
            if (Places.Seeds(name).Count == 0)
                throw new FormatException($"tests/fuzz/corpus/{name} is empty; ./dev fuzz --write-seeds fills it.");
        }
    }

    public long Executions { get; private set; }

    public long AllocatedBytesMax { get; private set; }

    public Dictionary<string, TargetFigures> Figures { get; } = new(StringComparer.Ordinal);

    /// <summary>What is being executed, for whoever watches for a hang; null in between.</summary>
    public byte[]? CurrentInput => currentInput;

    public string CurrentTarget => currentTarget;

    public IEnumerable<(string Target, byte[] Input)> Found =>
        targets.SelectMany(static t => t.Inputs.Found.Select(input => (t.Target.Name, input)));

    public int CorpusCount => targets.Sum(static t => t.Inputs.Count);

    /// <summary>Every seed once, as it is.</summary>
    public void RunSeeds()
    {
        foreach (var (target, inputs) in targets)
            foreach (var seed in Places.Seeds(target.Name).Concat(Places.Found(target.Name)))
                inputs.AddSeed(seed, Execute(target, seed).Key);
    }

    /// <summary>So many altered inputs, target after target.</summary>
    public void Run(long executions)
    {
        for (; executions > 0; executions--)
        {
            var (target, inputs) = targets[(int)(Executions % targets.Count)];
            var input = target.Mutate(inputs.Any(random), inputs.Any(random), random);
            inputs.Offer(input, Execute(target, input).Key, random);
        }
    }

    Ending Execute(FuzzTarget target, byte[] input)
    {
        currentTarget = target.Name;
        currentInput = input;
        var ending = oracle.Run(target, input);
        currentInput = null;
        Executions++;
        AllocatedBytesMax = Math.Max(AllocatedBytesMax, ending.AllocatedBytes);
        var figures = Figures.GetValueOrDefault(target.Name) ?? new TargetFigures();
        figures.Count(ending);
        Figures[target.Name] = figures;
        if (ending.Problem is { } problem) findings.Add(target.Name, input, ending.Key, problem);
        return ending;
    }
}

/// <summary>What became of a target's executions.</summary>
sealed class TargetFigures
{
    public long Executions { get; private set; }

    public long Refused { get; private set; }

    public long MaxAllocatedBytes { get; private set; }

    public void Count(Ending ending)
    {
        Executions++;
        Refused += ending.Refused ? 1 : 0;
        MaxAllocatedBytes = Math.Max(MaxAllocatedBytes, ending.AllocatedBytes);
    }

    public void Add(TargetFigures other)
    {
        Executions += other.Executions;
        Refused += other.Refused;
        MaxAllocatedBytes = Math.Max(MaxAllocatedBytes, other.MaxAllocatedBytes);
    }
}
