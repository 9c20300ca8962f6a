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
    readonly Action<string> complain;
    bool isMute;

    /// <param name="complain">Told when the log cannot be written; for standard error.</param>
    public RankVoice(RankOptions options, TextWriter events, TimeProvider clock, Action<string> complain)
    {
        this.complain = complain;
        (this.events, this.clock, rank, generation) = (events, clock, options.Rank, options.Generation);
        var directory = new RunDirectory(options.StateDirectory, options.Run);
        Directory.CreateDirectory(directory.Logs);
        // Unbuffered: what could not be written once is not tried again by the next line, or at the end.
        var file = new FileStream(directory.Log(rank), FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
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

    /// <summary>A full disk costs lines of the log, which is said once, and not the training.</summary>
    public void Log(string line)
    {
        var entry = string.Create(CultureInfo.InvariantCulture, $"{clock.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} g{generation} {line}");
        lock (gate)
        {
            try
            {
                log.WriteLine(entry);
                isMute = false;
            }
            catch (IOException e)
            {
                if (!isMute) complain($"rank {rank}: its log misses lines from here on, until it can be written again: {e.Message}");
                isMute = true;
            }
        }
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
