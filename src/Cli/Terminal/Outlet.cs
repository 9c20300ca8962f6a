using System.Globalization;
using System.Text;
using Lineage.Cli.Rendering;

namespace Lineage.Cli.Terminal;

/// <summary>Where a verb writes: data on standard output, narration and problems on standard error; colour only where a terminal shows
/// it.</summary>
internal sealed class Outlet
{
    const int WidthMin = 40;
    static readonly string[] LocaleVariables = ["LC_ALL", "LC_CTYPE", "LANG"];
    readonly TimeProvider clock;
    readonly bool plain;
    readonly Glyphs glyphs;

    /// <param name="plain">No colour, whatever the terminal can do.</param>
    /// <param name="ascii">ASCII only, whatever the locale says.</param>
    public Outlet(OutputFormat format, bool plain, bool ascii, TimeProvider clock)
    {
        Format = format;
        this.clock = clock;
        this.plain = plain || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            || string.Equals(Environment.GetEnvironmentVariable("TERM"), "dumb", StringComparison.Ordinal);
        glyphs = ascii || !SpeaksUnicode() ? Glyphs.Ascii : Glyphs.Unicode;
    }

    public OutputFormat Format { get; }

    /// <summary>Somebody is watching standard error, so that a bar may be drawn there.</summary>
    public static bool IsWatched => !Console.IsErrorRedirected
        && !string.Equals(Environment.GetEnvironmentVariable("TERM"), "dumb", StringComparison.Ordinal);

    public Screen Screen => new(Width(Console.IsOutputRedirected), glyphs, clock.GetUtcNow());

    bool ColourOut => !plain && !Console.IsOutputRedirected;

    bool ColourErr => !plain && !Console.IsErrorRedirected;

    public void Write(Answer answer) => Write(answer, Format);

    public void Write(Answer answer, OutputFormat format)
    {
        foreach (var line in answer.Write(format, Screen, ColourOut)) Console.Out.WriteLine(line);
    }

    public void Write(Line line) => Console.Out.WriteLine(Ansi.Write(line, ColourOut));

    public static void WriteRaw(string line) => Console.Out.WriteLine(line);

    /// <summary>What a person likes to know and no program reads.</summary>
    public void Narrate(string text) => Narrate(new Line((text, Tone.Dim)));

    public void Narrate(Line line) => Console.Error.WriteLine(Ansi.Write(line, ColourErr));

    public void Write(Contracts.Api.Problem problem, int exitCode)
    {
        if (Format is OutputFormat.Json or OutputFormat.Jsonl)
        {
            Console.Error.WriteLine(ProblemPage.AsJson(problem, exitCode));
            return;
        }

        foreach (var line in ProblemPage.Draw(problem, Screen with { Width = Width(Console.IsErrorRedirected) })) Narrate(line);
    }

    static int Width(bool redirected)
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), NumberStyles.None, CultureInfo.InvariantCulture, out var columns)
            && columns > 0)
            return Math.Max(WidthMin, columns);
        if (redirected) return 0;
        return Console.WindowWidth > 0 ? Math.Max(WidthMin, Console.WindowWidth) : 100;
    }

    static bool SpeaksUnicode()
    {
        if (Console.OutputEncoding.CodePage != Encoding.UTF8.CodePage) return false;
        var locale = LocaleVariables
            .Select(Environment.GetEnvironmentVariable).FirstOrDefault(static value => !string.IsNullOrEmpty(value));
        return locale is null || locale.Contains("UTF-8", StringComparison.OrdinalIgnoreCase)
            || locale.Contains("utf8", StringComparison.OrdinalIgnoreCase);
    }
}
