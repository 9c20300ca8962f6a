using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Lineage.ChaosHarness.PowerLoss;

/// <summary>The Linux calls that a disk of our own needs: loop devices, mounting, and cutting a file system off from its disk.</summary>
/// <remarks>Numbers are those of linux/loop.h, linux/fs.h and fs/ext4/ext4.h; they are the same on every 64-bit architecture.</remarks>
internal static partial class KernelCalls
{
    const int ReadWrite = 2, ReadOnly = 0, CloseOnExec = 0x80000;
    const uint LoopControlGetFree = 0x4C82, LoopConfigure = 0x4C0A, Shutdown = 0x8004587D;
    const int ConfigBytes = 304, FlagsAt = 60, AutoClear = 4;
    const ulong NoAccessTimes = 1024;

    public const int Busy = 16, InvalidArgument = 22, DetachLazily = 2;

    /// <summary>Binds a file to a free loop device, which the kernel releases by itself once nobody holds or mounts it.</summary>
    /// <returns>The device's path, and the handle that keeps it bound.</returns>
    /// <exception cref="IOException">No loop device could be had.</exception>
    public static (string Path, SafeFileHandle Holder) BindLoop(SafeFileHandle image)
    {
        const int attemptsMax = 16;
        using var control = OpenChecked("/dev/loop-control", ReadWrite);
        for (var attempt = 0; attempt < attemptsMax; attempt++)
        {
            var number = IoControl(control, LoopControlGetFree, 0);
            if (number < 0) throw Failure("find a free loop device");
            var path = $"/dev/loop{number}";
            var device = OpenChecked(path, ReadWrite);
            if (TryConfigure(device, image)) return (path, device);
            device.Dispose();
            if (Marshal.GetLastPInvokeError() != Busy) throw Failure($"bind {path}");
        }

        throw new IOException($"Every free loop device was taken by somebody else, {attemptsMax} times in a row.");
    }

    static unsafe bool TryConfigure(SafeFileHandle device, SafeFileHandle image)
    {
        Span<byte> config = stackalloc byte[ConfigBytes];
        config.Clear();
        BitConverter.TryWriteBytes(config, (uint)image.DangerousGetHandle());
        BitConverter.TryWriteBytes(config[FlagsAt..], AutoClear);
        fixed (byte* start = config) return IoControl(device, LoopConfigure, (nint)start) == 0;
    }

    public static void MountExt4(string device, string directory)
    {
        if (Mount(device, directory, "ext4", NoAccessTimes, "errors=continue") != 0) throw Failure($"mount {device} on {directory}");
    }

    /// <summary>False, with nothing changed, if somebody still uses it.</summary>
    public static bool TryUnmount(string directory, int flags = 0)
    {
        if (Unmount(directory, flags) == 0) return true;
        return Marshal.GetLastPInvokeError() == Busy ? false : throw Failure($"unmount {directory}");
    }

    /// <summary>The power goes: the file system refuses everything from here on and writes nothing more.</summary>
    public static unsafe void CutPower(string directory, PowerCut how)
    {
        using var handle = OpenChecked(directory, ReadOnly);
        var flag = (uint)how;
        if (IoControl(handle, Shutdown, (nint)(&flag)) != 0) throw Failure($"shut {directory} down");
    }

    static SafeFileHandle OpenChecked(string path, int flags)
    {
        var handle = Open(path, flags | CloseOnExec);
        if (!handle.IsInvalid) return handle;
        var failure = Failure($"open {path}");
        handle.Dispose();
        throw failure;
    }

    static IOException Failure(string what)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"Could not {what}: {Marshal.GetPInvokeErrorMessage(error)}.", error);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int IoControl(SafeFileHandle file, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(string source, string target, string type, ulong flags, string options);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unmount(string target, int flags);
}
