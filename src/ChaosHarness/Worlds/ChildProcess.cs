using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Lineage.ChaosHarness.Worlds;

/// <summary>POSIX signals that a world sends.</summary>
public enum Signal { Interrupt = 2, Abort = 6, Kill = 9, SegmentationFault = 11, Terminate = 15, Continue = 18, Stop = 19 }

/// <summary>
/// A real process of a world: its output goes to a file, it is stopped by its id, and it never outlives the world that disposes it.
/// </summary>
public sealed partial class ChildProcess : IAsyncDisposable
{
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);

    readonly Process process;
    readonly FileStream output;
    readonly Task pump;

    ChildProcess(string name, string outputPath, Process process, FileStream output)
    {
        Name = name;
        OutputPath = outputPath;
        this.process = process;
        this.output = output;
        pump = Task.WhenAll(
            process.StandardOutput.BaseStream.CopyToAsync(Stream.Synchronized(output)),
            process.StandardError.BaseStream.CopyToAsync(Stream.Synchronized(output)));
    }

    public string Name { get; }

    /// <summary>File with everything the process printed, standard output and error together.</summary>
    public string OutputPath { get; }

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    /// <param name="environment">Added to this process's environment; a null value removes a variable.</param>
    public static ChildProcess Start(
        string name, string executable, IEnumerable<string> arguments, string outputPath,
        IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo(executable, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        foreach (var (key, value) in environment ?? new Dictionary<string, string?>(StringComparer.Ordinal)) start.Environment[key] = value;
        Directory.CreateDirectory(Path.GetDirectoryName(outputPath)!);
        var output = new FileStream(outputPath, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        try
        {
            var process = Process.Start(start) ?? throw new InvalidOperationException($"{executable} did not start.");
            process.StandardInput.Close();
            return new ChildProcess(name, outputPath, process, output);
        }
        catch
        {
            output.Dispose();
            throw;
        }
    }

    /// <summary>The exit code; 128 + n when signal n ended the process.</summary>
    public async Task<int> WaitAsync(CancellationToken cancellation)
    {
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode;
    }

    public void Send(Signal signal) => Send(process.Id, signal);

    /// <summary>Sends a signal to a process that this world knows by id, for example a rank of its launcher.</summary>
    /// <returns>False if there is no such process any more.</returns>
    public static bool Send(int processId, Signal signal)
    {
        const int noSuchProcess = 3;
        if (Kill(processId, (int)signal) == 0) return true;
        var error = Marshal.GetLastPInvokeError();
        return error == noSuchProcess ? false
            : throw new InvalidOperationException($"kill({processId}, {signal}) failed: {Marshal.GetPInvokeErrorMessage(error)}.");
    }

    /// <summary>Asks with SIGTERM and, after a grace of 20 s, insists with SIGKILL.</summary>
    public async Task StopAsync(TimeProvider clock)
    {
        if (process.HasExited) return;
        Send(Signal.Terminate);
        using var grace = new CancellationTokenSource(Grace, clock);
        try
        {
            await process.WaitForExitAsync(grace.Token);
        }
        catch (OperationCanceledException)
        {
            Send(Signal.Kill);
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    /// <summary>The last lines the process printed, for error messages.</summary>
    public string Tail(int lines = 15)
    {
        using var reader = new StreamReader(new FileStream(OutputPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return string.Join('\n', reader.ReadToEnd().TrimEnd().Split('\n').TakeLast(lines));
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            Send(Signal.Kill);
            await process.WaitForExitAsync(CancellationToken.None);
        }

        await pump;
        await output.DisposeAsync();
        process.Dispose();
    }

    /// <summary>
    /// Does it to this process, at this very place: the signal goes to the calling thread, which takes it before it goes on (raise(3)). One
    /// that is sent to the process is taken by any of its threads, and the caller may be past the next system call by then.
    /// </summary>
    /// <exception cref="InvalidOperationException">The kernel refused.</exception>
    public static void SendHere(Signal signal)
    {
        if (Raise((int)signal) != 0) throw new InvalidOperationException($"This process could not send itself {signal}.");
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);

    [LibraryImport("libc", EntryPoint = "raise", SetLastError = true)]
    private static partial int Raise(int signal);
}
