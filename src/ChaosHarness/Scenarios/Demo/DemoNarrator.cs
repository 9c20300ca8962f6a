using System.Globalization;

namespace Lineage.ChaosHarness.Scenarios.Demo;

/// <summary>
/// Tells the story as it happens. Never silent for more than ten seconds while something runs; on a terminal the last line moves.
/// </summary>
public sealed class DemoNarrator(TextWriter output, bool terminal, TimeProvider clock)
{
    static readonly TimeSpan QuietMax = TimeSpan.FromSeconds(10);

    readonly long started = clock.GetTimestamp();
    long lastProgress;
    bool moving;

    public void Title(string text)
    {
        Settle();
        output.WriteLine();
        output.WriteLine(text);
    }

    /// <summary>Something happened.</summary>
    public void Say(string text)
    {
        Settle();
        output.WriteLine($"  {Elapsed()}  {text}");
        output.Flush();
    }

    public void Lines(string text)
    {
        Settle();
        output.WriteLine(text.TrimEnd());
        output.Flush();
    }

    /// <summary>Something goes on. Off a terminal, one line every ten seconds.</summary>
    public void Progress(string text)
    {
        if (terminal)
        {
            output.Write($"\r  {Elapsed()}  {text}\u001b[K");
            output.Flush();
            moving = true;
            return;
        }

        if (clock.GetElapsedTime(lastProgress) < QuietMax) return;
        lastProgress = clock.GetTimestamp();
        output.WriteLine($"  {Elapsed()}  {text}");
        output.Flush();
    }

    void Settle()
    {
        lastProgress = clock.GetTimestamp();
        if (!moving) return;
        moving = false;
        output.WriteLine();
    }

    string Elapsed() => clock.GetElapsedTime(started).ToString(@"mm\:ss", CultureInfo.InvariantCulture);
}
