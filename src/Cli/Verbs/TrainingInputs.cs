using System.CommandLine;
using System.Globalization;
using Lineage.Agents.Training;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary>What a launch and the ranks it starts must agree on; the launch passes it on as the same options.</summary>
internal sealed class TrainingInputs
{
    static readonly TransformerShape Shape = TrainerSettings.Default.Shape;

    readonly Option<RunId?> run = Inputs.Value("--run", "Name of the run; an existing one is resumed (default demo).", "RUN", RunId.Parse);
    readonly Option<long> steps = Long("--steps", "Steps to train.", 120);
    readonly Option<long> saveEvery = Long("--save-every", "Steps between saves; 0 saves at the end only.", 10);
    readonly Option<long> seed = Long("--seed", "Seed of weights, dropout and sample order.", TrainerSettings.Default.Seed);
    readonly Option<string?> corpus = new("--corpus")
    {
        Description = "Text file or directory (default: the documentation that ships with .NET).",
        HelpName = "PATH",
    };

    readonly Option<long> width = Long("--width", "Width of the model.", Shape.Width);
    readonly Option<long> layers = Long("--layers", "Layers of the model.", Shape.Layers);
    readonly Option<long> heads = Long("--heads", "Attention heads.", Shape.Heads);
    readonly Option<long> context = Long("--context", "Bytes of a sample.", Shape.Context);
    readonly Option<double> dropout = Real("--dropout", "Dropout probability.", Shape.Dropout);
    readonly Option<double> rate = Real("--learning-rate", "Learning rate after warm-up.", TrainerSettings.Default.Optimizer.LearningRate);
    readonly Option<long> batch = Long("--batch", "Samples per rank and step.", TrainerSettings.Default.BatchPerRank);

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { run, steps, saveEvery, seed, corpus, width, layers, heads, context, dropout, rate, batch })
            command.Options.Add(option);
    }

    public RunId Run(Invocation call) => call.Value(run) ?? RunId.Parse("demo");

    public Step LastStep(Invocation call) => Step.From(call.Value(steps));

    public long SaveEvery(Invocation call) => call.Value(saveEvery);

    /// <summary>As given, made absolute, because a rank may run elsewhere; null for the default corpus.</summary>
    public string? Corpus(Invocation call) => call.Value(corpus) is { } path ? Path.GetFullPath(path) : null;

    /// <exception cref="LineageProblemException">bad-request: no model of that shape can be trained.</exception>
    public TrainerSettings Trainer(Invocation call)
    {
        var settings = new TrainerSettings(
            new TransformerShape(Int(call, width), Int(call, layers), Int(call, heads), Int(call, context), call.Value(dropout)),
            TrainerSettings.Default.Optimizer with { LearningRate = call.Value(rate) }, call.Value(seed), Int(call, batch));
        var objection = settings.Objection()
            ?? (SaveEvery(call) < 0 ? $"--save-every is {SaveEvery(call)}; expected 0 or more steps." : null)
            ?? (call.Value(steps) < 1 ? $"--steps is {call.Value(steps)}; expected at least 1." : null);
        return objection is null
            ? settings
            : throw new LineageProblemException(Problem.Of(ProblemCodes.BadRequest, 400, "Cannot train so",
                $"{objection} Nothing was started."));
    }

    /// <summary>The same values as arguments of a rank.</summary>
    public IEnumerable<string> Arguments(Invocation call)
    {
        (string Name, object? Value)[] all =
        [
            (run.Name, Run(call)), (steps.Name, call.Value(steps)), (saveEvery.Name, call.Value(saveEvery)), (seed.Name, call.Value(seed)),
            (corpus.Name, Corpus(call)), (width.Name, call.Value(width)), (layers.Name, call.Value(layers)),
            (heads.Name, call.Value(heads)),
            (context.Name, call.Value(context)), (dropout.Name, call.Value(dropout)), (rate.Name, call.Value(rate)),
            (batch.Name, call.Value(batch)),
        ];
        return all.Where(static given => given.Value is not null)
            .SelectMany(static given => new[] { given.Name, Convert.ToString(given.Value, CultureInfo.InvariantCulture)! });
    }

    public Dictionary<string, string> Labels(Invocation call) => new(StringComparer.Ordinal)
    {
        ["trainer"] = "reference",
        ["seed"] = call.Value(seed).ToString(CultureInfo.InvariantCulture),
        ["model"] = string.Create(
            CultureInfo.InvariantCulture,
            $"width {call.Value(width)}, layers {call.Value(layers)}, heads {call.Value(heads)}, context {call.Value(context)}"),
    };

    static int Int(Invocation call, Option<long> option) => (int)Math.Clamp(call.Value(option), int.MinValue, int.MaxValue);

    static Option<long> Long(string name, string description, long standard) => new(name)
    {
        Description = string.Create(CultureInfo.InvariantCulture, $"{description.TrimEnd('.')} (default {standard})."),
        HelpName = "N",
        DefaultValueFactory = _ => standard,
    };

    static Option<double> Real(string name, string description, double standard) => new(name)
    {
        Description = string.Create(CultureInfo.InvariantCulture, $"{description.TrimEnd('.')} (default {standard})."),
        HelpName = "X",
        DefaultValueFactory = _ => standard,
    };
}
