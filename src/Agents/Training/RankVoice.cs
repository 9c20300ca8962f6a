using System.Globalization;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Training;

/// <summary>
/// Where a rank speaks: events as lines on standard output, for the launcher only, and the same with times and details in its log file.
/// Both are flushed line by line, so that a kill loses at most the line under way.
/// </summary>
public sealed class RankVoice : IDisposable
{
    static readonly TimeSpan Beat = TimeSpan.FromSeconds(5);

    readonly Lock gate = new();
    readonly TextWriter events;
    readonly StreamWriter log;
    readonly TimeProvider clock;
    readonly Rank rank;
    readonly Generation generation;

    public RankVoice(RankOptions options, TextWriter events, TimeProvider clock)
    {
        (this.events, this.clock, rank, generation) = (events, clock, options.Rank, options.Generation);
        var directory = new RunDirectory(options.StateDirectory, options.Run);
        Directory.CreateDirectory(directory.Logs);
        var file = new FileStream(directory.Log(rank), FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        log = new StreamWriter(file) { AutoFlush = true };
    }

    public void Tell(RankEventKind kind, Func<RankEvent, RankEvent>? details = null)
    {
        var said = new RankEvent(kind, rank, generation);
        if (details is not null) said = details(said);
        var line = said.ToLine();
        lock (gate)
        {
            events.WriteLine(line);
            events.Flush();
        }

        Log(line);
    }

    public void Log(string line)
    {
        var entry = string.Create(CultureInfo.InvariantCulture, $"{clock.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} g{generation} {line}");
        lock (gate) log.WriteLine(entry);
    }

    /// <summary>Says "alive" every five seconds while a long wait goes on: the launcher can tell a wait from a stopped process.</summary>
    public async Task<T> WhileAsync<T>(Task<T> work)
    {
        while (await Task.WhenAny(work, Task.Delay(Beat, clock, CancellationToken.None)) != work) Tell(RankEventKind.Alive);
        return await work;
    }

    public async Task WhileAsync(Task work)
    {
        while (await Task.WhenAny(work, Task.Delay(Beat, clock, CancellationToken.None)) != work) Tell(RankEventKind.Alive);
        await work;
    }

    public void Dispose() => log.Dispose();
}
