using System.Diagnostics;
using System.Globalization;
using Lineage.ChaosHarness.Worlds;
using Microsoft.Win32.SafeHandles;

namespace Lineage.ChaosHarness.PowerLoss;

/// <summary>
/// A real ext4 file system on a file, whose power can be cut for real: what the kernel had not yet written is gone, and the next mount
/// replays the journal. Its folder is named after the process that made it, so that whatever a killed process left is found and removed.
/// </summary>
/// <remarks>Needs CAP_SYS_ADMIN. The loop device is released by the kernel when the last holder goes.</remarks>
public sealed class LoopDisk : IDisposable
{
    const string Prefix = "lineage-disk-", InMemory = "/dev/shm";
    const int UnmountAttemptsMax = 2_000;

    static readonly string[] Makers = ["/sbin/mkfs.ext4", "/usr/sbin/mkfs.ext4"];

    static int made;

    readonly string folder, device;
    readonly SafeFileHandle holder;
    readonly TimeProvider clock;
    bool isMounted;

    LoopDisk(string folder, string device, SafeFileHandle holder, TimeProvider clock) =>
        (this.folder, this.device, this.holder, this.clock) = (folder, device, holder, clock);

    /// <summary>Where the file system is mounted.</summary>
    public string Root => Path.Combine(folder, "mnt");

    /// <summary>The program that makes file systems; null where it is not installed.</summary>
    public static string? Maker => Array.Find(Makers, File.Exists);

    /// <summary>Memory where there is room, which makes cycles quick; else the directory for temporary files.</summary>
    public static string Parent(long bytes) =>
        Directory.Exists(InMemory) && new DriveInfo(InMemory).AvailableFreeSpace > 2 * bytes ? InMemory : Path.GetTempPath();

    /// <summary>Makes and mounts an empty file system.</summary>
    /// <exception cref="WorldException">The file system could not be made here.</exception>
    public static LoopDisk Create(long bytes, TimeProvider clock)
    {
        var parent = Parent(bytes);
        RemoveLeftovers(parent);
        var folder = Path.Combine(
            parent, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref made)}"));
        Directory.CreateDirectory(Path.Combine(folder, "mnt"));
        try
        {
            var image = Path.Combine(folder, "image");
            using var file = new FileStream(image, FileMode.CreateNew, FileAccess.ReadWrite);
            file.SetLength(bytes);
            MakeFileSystem(image, bytes);
            var (device, holder) = KernelCalls.BindLoop(file.SafeFileHandle);
            var disk = new LoopDisk(folder, device, holder, clock);
            disk.Mount();
            return disk;
        }
        catch (IOException refused)
        {
            Directory.Delete(folder, recursive: true);
            throw new WorldException($"No disk of our own can be had here: {refused.Message}");
        }
    }

    public void Mount()
    {
        KernelCalls.MountExt4(device, Root);
        isMounted = true;
    }

    public void CutPower(PowerCut how) => KernelCalls.CutPower(Root, how);

    /// <exception cref="WorldException">Somebody keeps a file of it open, for longer than a process needs to die.</exception>
    public void Unmount()
    {
        for (var attempt = 0; attempt < UnmountAttemptsMax; attempt++)
        {
            if (KernelCalls.TryUnmount(Root))
            {
                isMounted = false;
                return;
            }

            using var pause = new ManualResetEventSlim();
            using var timer = clock.CreateTimer(_ => pause.Set(), state: null, TimeSpan.FromMilliseconds(5), Timeout.InfiniteTimeSpan);
            pause.Wait(CancellationToken.None);
        }

        throw new WorldException($"{Root} is still in use; its power is cut, but it cannot be mounted again.");
    }

    /// <summary>The power goes and comes back; the journal is replayed.</summary>
    public void Cycle(PowerCut how)
    {
        CutPower(how);
        Unmount();
        Mount();
    }

    public void Dispose()
    {
        if (isMounted) KernelCalls.TryUnmount(Root, KernelCalls.DetachLazily);
        holder.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Removes the disks of processes that live no more; returns how many.</summary>
    public static int RemoveLeftovers(string parent)
    {
        var removed = 0;
        foreach (var folder in Directory.EnumerateDirectories(parent, Prefix + "*"))
        {
            var maker = Path.GetFileName(folder)[Prefix.Length..].Split('-')[0];
            if (Directory.Exists($"/proc/{maker}")) continue;
            var root = Path.Combine(folder, "mnt");
            if (File.ReadLines("/proc/mounts").Any(line => line.Split(' ')[1] == root))
                KernelCalls.TryUnmount(root, KernelCalls.DetachLazily);
            Directory.Delete(folder, recursive: true);
            removed++;
        }

        return removed;
    }

    static void MakeFileSystem(string image, long bytes)
    {
        var journal = Math.Clamp(bytes >> 24, 4, 64).ToString(CultureInfo.InvariantCulture);
        string[] arguments =
            ["-q", "-F", "-m", "0", "-b", "4096", "-J", $"size={journal}", "-E", "lazy_itable_init=0,lazy_journal_init=0", image];
        var program = Maker ?? throw new IOException("mkfs.ext4 is missing (apt-get install e2fsprogs)");
        using var process =
            Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new IOException($"{program} ended with {process.ExitCode}: {errors.Trim()}");
    }
}
