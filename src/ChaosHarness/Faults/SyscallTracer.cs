using System.Globalization;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Faults;

/// <summary>
/// System calls of a process that runs are made to fail or to be late (strace, "inject"), or are only looked at. Every call that was
/// tampered with is in what it prints; the process goes on untouched once this is disposed.
/// </summary>
/// <remarks>strace counts occurrences for each thread by itself, so "once" is for whoever asks to end, not for strace.</remarks>
public sealed class SyscallTracer : IAsyncDisposable
{
    const string Injected = "(INJECTED)", Delayed = "(DELAYED)";

    readonly ChildProcess strace;
    readonly string output;
    readonly TimeProvider clock;

    SyscallTracer(ChildProcess strace, string output, TimeProvider clock) =>
        (this.strace, this.output, this.clock) = (strace, output, clock);

    /// <param name="arguments">What to trace and to inject.</param>
    /// <param name="folder">For what strace prints.</param>
    /// <returns>It may take a moment until <see cref="HoldsAll"/>.</returns>
    public static SyscallTracer Attach(int process, string[] arguments, string folder, TimeProvider clock)
    {
        var number = process.ToString(CultureInfo.InvariantCulture);
        var output = Path.Combine(folder, $"strace-{number}.txt");
        File.Delete(output);
        return new SyscallTracer(
            ChildProcess.Start("strace", "strace", ["-f", "-y", "-qq", "-o", output, "-p", number, .. arguments], output + ".log"), output,
            clock);
    }

    /// <summary>Whether every thread of the process is held; from then on nothing escapes.</summary>
    /// <exception cref="WorldException">strace has ended.</exception>
    public bool HoldsAll(int process)
    {
        if (strace.HasExited) throw new WorldException($"strace ended: {strace.Tail(3)}");
        var mine = string.Create(CultureInfo.InvariantCulture, $"TracerPid:\t{strace.Id}");
        return Directory.EnumerateDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/task"))
            .All(task => File.ReadLines(Path.Combine(task, "status")).Contains(mine, StringComparer.Ordinal));
    }

    /// <summary>What was printed so far, a call a line.</summary>
    public IReadOnlyList<string> Lines()
    {
        if (!File.Exists(output)) return [];
        using var reader = new StreamReader(new FileStream(output, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Calls that failed or were late because of this.</summary>
    public IReadOnlyList<string> Tampered() => [.. Lines().Where(static line =>
        line.Contains(Injected, StringComparison.Ordinal) || line.Contains(Delayed, StringComparison.Ordinal))];

    public async ValueTask DisposeAsync()
    {
        await strace.StopAsync(clock);   // on SIGTERM it lets go of everything
        await strace.DisposeAsync();
    }
}
