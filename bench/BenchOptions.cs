using System.Globalization;
using Lineage.Bench.Traces;

namespace Lineage.Bench;

/// <summary>What the command line asks for.</summary>
/// <param name="Json">One JSON object per line on standard output instead of tables.</param>
/// <param name="Scale">How much is made and how often it is timed.</param>
/// <param name="Write">Also into bench/results.</param>
/// <param name="Date">What a written report is dated; null for today.</param>
/// <param name="Only">Traces or paths whose name contains this, or numbers of questions; null for all.</param>
/// <param name="KillMinutes">Instead of measuring: load for so long while its servers are killed; null: measure (ingest).</param>
/// <param name="Seed">Of the moments at which something is killed.</param>
/// <param name="Keep">Leave the made-up history where it is, and ask one that an earlier run left (lineage).</param>
sealed record BenchOptions(string Suite, bool Json, Scale Scale, bool Write, DateOnly? Date, string? Only,
    double? KillMinutes = null, int Seed = 1, bool Keep = false)
{
    public int Runs => Scale switch { Scale.Full => 5, Scale.Quick => 2, _ => 1 };

    public TraceSize Size => Scale switch { Scale.Full => TraceSize.Full, Scale.Quick => TraceSize.Quick, _ => TraceSize.Smoke };

    /// <exception cref="FormatException">An option is not known or not well formed; the message says which.</exception>
    public static BenchOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new BenchOptions(arguments[0], Json: false, Scale.Full, Write: false, Date: null, Only: null);
        for (var i = 1; i < arguments.Count; i++)
        {
            options = arguments[i] switch
            {
                "--json" => options with { Json = true },
                "--quick" => options with { Scale = Scale.Quick },
                "--smoke" => options with { Scale = Scale.Smoke },
                "--write" => options with { Write = true },
                "--keep" => options with { Keep = true },
                "--date" => options with { Date = Day(Value(arguments, ref i)) },
                "--kill" => options with { KillMinutes = double.Parse(Value(arguments, ref i), CultureInfo.InvariantCulture) },
                "--seed" => options with { Seed = int.Parse(Value(arguments, ref i), CultureInfo.InvariantCulture) },
                "--only" => options with { Only = Value(arguments, ref i) },
                var other => throw new FormatException($"there is no option \"{other}\""),
            };
        }

        return options;
    }

    static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);

    static string Value(IReadOnlyList<string> arguments, ref int i) => ++i < arguments.Count
        ? arguments[i]
        : throw new FormatException($"{arguments[i - 1]} needs a value");
}

enum Scale { Full, Quick, Smoke }
