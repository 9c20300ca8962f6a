using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Lineage.Bench.Reporting;

/// <summary>Where results go: JSON lines as they come, or a report of tables at the end; narration on standard error either way.</summary>
sealed class Output(BenchOptions options, TimeProvider clock)
{
    static readonly JsonSerializerOptions Lines = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly StringBuilder report = new();

    public static void Narrate(string line) => Console.Error.WriteLine($"bench: {line}");

    /// <param name="fields">In the order of the line; null values are left out, numbers rounded to what a timing can tell.</param>
    public void Line(params (string Name, object? Value)[] fields)
    {
        if (!options.Json) return;
        var line = new JsonObject { ["suite"] = options.Suite };
        foreach (var (name, value) in fields)
            if (value is not null && (value is not double number || double.IsFinite(number))) line[name] = Node(value);
        Console.Out.WriteLine(line.ToJsonString(Lines));
    }

    public void Heading(string text) => report.Append(CultureInfo.InvariantCulture, $"## {text}\n\n");

    public void Paragraph(string text) => report.Append(text).Append("\n\n");

    public void Table(Table table) => report.Append(table.Text()).Append('\n');

    /// <summary>What was set out for and what came of it, as the last table.</summary>
    public void Targets(IEnumerable<Target> targets)
    {
        Heading("Targets");
        var table = new Table("what", ">target", ">measured", "verdict");
        foreach (var t in targets)
        {
            var verdict = double.IsNaN(t.Value) || t.On is "" ? t.Verdict : $"{t.Verdict} ({t.On})";
            table.Add(t.What, $"{(t.AtLeast ? "≥" : "≤")} {t.Text(t.Goal)}", t.Text(t.Value), verdict);
            Line(
                ("target", t.What), ("goal", t.Goal), ("at_least", t.AtLeast), ("measured", t.Value), ("verdict", t.Verdict),
                ("on", t.On is "" ? null : t.On));
        }

        Table(table);
    }

    /// <summary>Prints the report, unless JSON was asked for, and writes it where that was.</summary>
    public void Finish()
    {
        var date = options.Date ?? DateOnly.FromDateTime(clock.GetLocalNow().DateTime);
        var text = $"# {options.Suite}\n\n{Machine.Describe(date)}\n\n{report}".TrimEnd() + "\n";
        if (!options.Json) Console.Out.Write(text);
        if (!options.Write) return;
        var path = Path.Combine("bench", "results", $"{options.Suite}.md");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        Narrate($"written to {path}");
    }

    static JsonValue? Node(object value) => value switch
    {
        bool flag => JsonValue.Create(flag),
        string text => JsonValue.Create(text),
        double number => JsonValue.Create(double.Parse(number.ToString("G5", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)),
        long number => JsonValue.Create(number),
        int number => JsonValue.Create(number),
        _ => throw new ArgumentException($"No JSON for {value.GetType()}.", nameof(value)),
    };
}
