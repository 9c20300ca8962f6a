using Lineage.Cli.Rendering;
using Spectre.Console;

namespace Lineage.Cli.Terminal;

/// <summary>Shows on standard error how far a long piece of work is: a bar on a terminal, else a line every ten seconds; never silent for
/// longer.</summary>
internal static class ProgressBar
{
    static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(100), QuietMax = TimeSpan.FromSeconds(10);

    /// <param name="total">Bytes that will have been written at the end, about.</param>
    /// <param name="done">Bytes so far.</param>
    public static async Task<T> WhileAsync<T>(string title, long total, Func<long> done, TimeProvider clock, Task<T> work)
    {
        if (!Outlet.IsWatched) return await LinesAsync(title, total, done, clock, work);
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        var progress = console.Progress().AutoClear(true).Columns(
            new TaskDescriptionColumn(), new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn(),
            new RemainingTimeColumn());
        return await progress.StartAsync(async context =>
        {
            var bar = context.AddTask(Markup.Escape(title), maxValue: Math.Max(1, total));
            while (await Task.WhenAny(work, Task.Delay(Frame, clock)) != work) bar.Value = Math.Min(total, done());
            bar.Value = total;
            return await work;
        });
    }

    static async Task<T> LinesAsync<T>(string title, long total, Func<long> done, TimeProvider clock, Task<T> work)
    {
        var started = clock.GetTimestamp();
        while (await Task.WhenAny(work, Task.Delay(QuietMax, clock)) != work)
        {
            var (bytes, seconds) = (done(), clock.GetElapsedTime(started).TotalSeconds);
            var rate = bytes / Math.Max(seconds, 0.001);
            var left = rate > 0 ? $", about {Units.Seconds(Math.Max(0, total - bytes) / rate)} left" : "";
            await Console.Error.WriteLineAsync(
                $"{title}: {Units.Bytes(bytes)} of about {Units.Bytes(total)}, {Units.Bytes((long)rate)}/s{left}");
        }

        return await work;
    }
}
