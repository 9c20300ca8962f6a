using System.Globalization;

namespace Lineage.Fuzz;

/// <summary>What to do, from the command line.</summary>
sealed record Options
{
    public long? Executions { get; init; }

    public double? Seconds { get; init; }

    public int Seed { get; init; } = 1;

    public string Target { get; init; } = "all";

    public int Threads { get; init; } = 1;

    /// <summary>A file to run once instead.</summary>
    public string? Replay { get; init; }

    public bool WriteCorpus { get; init; }

    public bool WriteSeeds { get; init; }

    /// <exception cref="FormatException">An option is not known, or its value is none.</exception>
    public static Options Parse(string[] arguments)
    {
        var options = new Options();
        for (var i = 0; i < arguments.Length; i++)
        {
            var name = arguments[i];
            string Value() => ++i < arguments.Length ? arguments[i] : throw new FormatException($"{name} needs a value.");
            long Number(long least) =>
                long.TryParse(Value(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least
                    ? number
                    : throw new FormatException($"{name} needs a whole number of {least} or more, got \"{arguments[i]}\".");
            options = name switch
            {
                "--executions" => options with { Executions = Number(1) },
                "--seconds" => options with { Seconds = Number(1) },
                "--seed" => options with { Seed = (int)(Number(0) & int.MaxValue) },
                "--threads" => options with { Threads = (int)Math.Min(Number(1), 256) },
                "--target" => options with { Target = Value() },
                "--replay" => options with { Replay = Value() },
                "--write-corpus" => options with { WriteCorpus = true },
                "--write-seeds" => options with { WriteSeeds = true },
                _ => throw new FormatException($"\"{name}\" is not known."),
            };
        }

        return options.Replay is null || options.Target != "all"
            ? options
            : throw new FormatException("--replay needs the --target that the file is for.");
    }
}
