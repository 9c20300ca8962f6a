using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Lineage.Bench.Reporting;

/// <summary>On what the figures were taken, so that others can judge theirs.</summary>
static class Machine
{
    public static string Describe(DateOnly date) => string.Create(
        CultureInfo.InvariantCulture,
        $"{date:yyyy-MM-dd} · commit {Commit()} · {Processor()}, {Environment.ProcessorCount} cores · " +
        $"{RuntimeInformation.OSDescription} · {RuntimeInformation.FrameworkDescription}");

    static string Processor()
    {
        const string key = "model name";
        if (!File.Exists("/proc/cpuinfo")) return RuntimeInformation.ProcessArchitecture.ToString();
        var line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(static line => line.StartsWith(key, StringComparison.Ordinal));
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }

    /// <summary>The commit that is checked out, marked where files differ from it.</summary>
    static string Commit() => (Git("rev-parse", "--short=12", "HEAD"), Git("status", "--porcelain", "--untracked-files=no")) switch
    {
        (null or "", _) => "unknown",
        ({ } hash, "") => hash,
        ({ } hash, _) => $"{hash} with changes",
    };

    static string? Git(params string[] arguments)
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", arguments)
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var text = git.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            return git.ExitCode == 0 ? text : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
