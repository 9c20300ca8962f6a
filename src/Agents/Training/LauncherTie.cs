using System.Runtime.InteropServices;

namespace Lineage.Agents.Training;

/// <summary>Ties a rank's life to its launcher's: the ranks of a generation never outlive it, whatever kills it.</summary>
static partial class LauncherTie
{
    static readonly ManualResetEvent Forever = new(initialState: false);

    const int SetParentDeathSignal = 1, Kill = 9;

    /// <summary>From here on the kernel kills this process when its launcher dies. False when the launcher is gone already.</summary>
    /// <remarks>
    /// prctl(2), PR_SET_PDEATHSIG: the signal comes when the *thread* that started this process ends, and only while the *thread* that
    /// asked for it lives; so the launcher starts ranks from a thread that lives as long as itself, and here one is kept for nothing
    /// else. Asking for the parent afterwards closes the gap before the call.
    /// </remarks>
    public static bool Bind(int launcher)
    {
        if (launcher == 0 || !OperatingSystem.IsLinux()) return true;
        var errno = 0;
        using var asked = new ManualResetEventSlim();
        var tie = new Thread(() =>
        {
            errno = prctl(SetParentDeathSignal, Kill, 0, 0, 0) == 0 ? 0 : Marshal.GetLastPInvokeError();
            asked.Set();
            Forever.WaitOne();
        });
        (tie.IsBackground, tie.Name) = (true, "launcher-tie");
        tie.Start();
        asked.Wait();
        if (errno != 0)
        {
            throw new IOException(
                $"The kernel refused to tie this rank to its launcher (errno {errno}). Nothing was started.");
        }

        return getppid() == launcher;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nuint signal, nuint unused3, nuint unused4, nuint unused5);

    [LibraryImport("libc")]
    private static partial int getppid();
}
