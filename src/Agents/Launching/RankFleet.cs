using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using Lineage.Agents.Training;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Launching;

/// <summary>The command line of a rank process, the same for all ranks; what differs goes through <see cref="RankStart"/>.</summary>
public sealed record RankCommand(string Program, IReadOnlyList<string> Arguments);

/// <summary>The rank processes of one launcher: started, listened to, signalled, awaited. Effects only; the supervisor decides.</summary>
/// <param name="heard">Called for each event line of a rank and, once, for its exit; after that rank's last line.</param>
sealed partial class RankFleet(RankCommand command, Action<LaunchInput> heard, Action<string> warn, TimeProvider clock) : IAsyncDisposable
{
    /// <summary>How long output may trickle after a rank has exited.</summary>
    static readonly TimeSpan OutputGrace = TimeSpan.FromSeconds(5);

    readonly SpawnThread spawner = new();
    readonly Dictionary<Rank, Process> processes = [];
    readonly List<Task> watches = [];

    public IReadOnlyList<RankProcess> Start(
        Generation generation, WorldSize worldSize, IPEndPoint rendezvous, string token, CheckpointId? restorePoint)
    {
        foreach (var process in processes.Values) process.Dispose();
        processes.Clear();
        watches.RemoveAll(static watch => watch.IsCompleted);
        foreach (var rank in worldSize.Ranks)
        {
            var start = new RankStart(generation, rank, worldSize, rendezvous, token, restorePoint, Environment.ProcessId);
            var process = spawner.Run(() => Process.Start(Describe(start))!);
            processes.Add(rank, process);
            watches.Add(WatchAsync(generation, rank, process));
        }

        return [.. processes.Select(static p => new RankProcess(p.Key, p.Value.Id))];
    }

    ProcessStartInfo Describe(RankStart start)
    {
        var info = new ProcessStartInfo(command.Program, command.Arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var (name, value) in start.ToEnvironment()) info.Environment[name] = value;
        // One thread per rank: ranks share the cores, and the order of additions must not depend on how many there are.
        foreach (var name in (string[])["OMP_NUM_THREADS", "MKL_NUM_THREADS"]) info.Environment[name] = "1";
        return info;
    }

    async Task WatchAsync(Generation generation, Rank rank, Process process)
    {
        var output = ReadEventsAsync(process.StandardOutput);
        var errors = ReadErrorsAsync(rank, process.StandardError);
        await process.WaitForExitAsync();
        await Task.WhenAny(Task.WhenAll(output, errors), Task.Delay(OutputGrace, clock));
        heard(new LaunchInput.RankExited(generation, rank, process.ExitCode));
    }

    async Task ReadEventsAsync(StreamReader lines)
    {
        while (await lines.ReadLineAsync() is { } line)
            if (RankEvent.TryParse(line, out var said)) heard(new LaunchInput.RankSpoke(said!));
    }

    async Task ReadErrorsAsync(Rank rank, StreamReader lines)
    {
        while (await lines.ReadLineAsync() is { } line) warn($"rank {rank}: {line}");
    }

    public void Terminate(IEnumerable<Rank> ranks) => Signal(ranks, signal: 15);

    public void Kill(IEnumerable<Rank> ranks) => Signal(ranks, signal: 9);

    void Signal(IEnumerable<Rank> ranks, int signal)
    {
        foreach (var rank in ranks)
        {
            // A process that has exited keeps its id until it is reaped, which HasExited tells of; so no stranger is hit.
            if (!processes.TryGetValue(rank, out var process) || process.HasExited) continue;
            if (kill(process.Id, signal) != 0)
                warn($"signal {signal} to rank {rank} (process {process.Id}): errno {Marshal.GetLastPInvokeError()}");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);

    public async ValueTask DisposeAsync()
    {
        Kill(processes.Keys);
        await Task.WhenAll(watches);
        foreach (var process in processes.Values) process.Dispose();
        spawner.Dispose();
    }

    /// <summary>
    /// Starts processes from one thread that lives as long as the launcher: the kernel ties a child to the *thread* that made it, and
    /// would kill the ranks when a pooled thread is retired.
    /// </summary>
    sealed class SpawnThread : IDisposable
    {
        readonly BlockingCollection<Action> work = [];

        public SpawnThread()
        {
            var thread = new Thread(Work) { IsBackground = true, Name = "rank-spawner" };
            thread.Start();
        }

        void Work()
        {
            foreach (var item in work.GetConsumingEnumerable()) item();
        }

        public T Run<T>(Func<T> make)
        {
            var made = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
            work.Add(() =>
            {
                try
                {
                    made.SetResult(make());
                }
                catch (Exception failed)
                {
                    made.SetException(failed);
                }
            });
            return made.Task.GetAwaiter().GetResult();
        }

        public void Dispose() => work.CompleteAdding();
    }
}
