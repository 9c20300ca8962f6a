using System.Diagnostics;

namespace Lineage.ChaosHarness.Worlds;

/// <summary>A program of the system, run to its end; killed if it is cancelled.</summary>
public static class ProgramRun
{
    /// <returns>Exit code, and standard output followed by standard error.</returns>
    /// <exception cref="System.ComponentModel.Win32Exception">It is not installed.</exception>
    public static async Task<(int ExitCode, string Output)> Async(string program, string[] arguments, CancellationToken ct)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using var process = Process.Start(start) ?? throw new WorldException($"{program} did not start.");
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(ct), process.StandardError.ReadToEndAsync(ct));
            var text = await output + await errors;
            await process.WaitForExitAsync(ct);
            return (process.ExitCode, text);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <exception cref="WorldException">It failed; the message ends with what it printed.</exception>
    public static async Task MustAsync(string program, string[] arguments, CancellationToken ct)
    {
        var (exitCode, output) = await Async(program, arguments, ct);
        if (exitCode != 0) throw new WorldException($"{program} {string.Join(' ', arguments)} ended with {exitCode}: {output.Trim()}");
    }
}
