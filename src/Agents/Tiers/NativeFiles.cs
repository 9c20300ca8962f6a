using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Lineage.Agents.Tiers;

/// <summary>
/// The POSIX calls that durable storage needs and the base library lacks: directory fsync, rename without replacing, page-cache advice.
/// </summary>
internal static partial class NativeFiles
{
    public const int NoSpace = 28, ReadOnlyFileSystem = 30, QuotaExceeded = 122;
    const int AlreadyExists = 17, InvalidArgument = 22, NotImplemented = 38, NotSupported = 95;
    const int ReadOnly = 0, DirectoryOnly = 0x10000, CloseOnExec = 0x80000;
    const int CurrentDirectory = -100;
    const uint NoReplace = 1;
    const int AdviceDontNeed = 4;
    const int GetFlags = 3, SetFlags = 4, Direct = 0x4000;   // fcntl.h of Linux on x86-64

    /// <summary>
    /// Puts the names inside a directory on stable storage. Without it a power loss may undo a rename or a file's creation.
    /// </summary>
    /// <exception cref="IOException">The directory cannot be opened or synced.</exception>
    public static void SyncDirectory(string path)
    {
        using var handle = Open(path, ReadOnly | DirectoryOnly | CloseOnExec);
        if (handle.IsInvalid) throw Failure($"open directory {path}");
        if (FSync(handle) == 0) return;
        // Some file systems keep no directory state to sync and say so (fsync(2): EINVAL); there is nothing to wait for then.
        if (Marshal.GetLastPInvokeError() is not (InvalidArgument or NotSupported)) throw Failure($"fsync directory {path}");
    }

    /// <summary>Gives a file its final name; false, with nothing changed, if that name is taken.</summary>
    /// <exception cref="IOException">The rename failed for another reason.</exception>
    public static bool RenameWithoutReplacing(string from, string to)
    {
        if (RenameAt2(CurrentDirectory, from, CurrentDirectory, to, NoReplace) == 0) return true;
        switch (Marshal.GetLastPInvokeError())
        {
            case AlreadyExists: return false;
            // Not every file system knows the flag (renameat2(2): EINVAL); a hard link refuses a taken name everywhere.
            case InvalidArgument or NotImplemented or NotSupported: break;
            default: throw Failure($"rename {from} to {to}");
        }

        if (Link(from, to) != 0)
            return Marshal.GetLastPInvokeError() == AlreadyExists ? false : throw Failure($"link {from} to {to}");
        File.Delete(from);
        return true;
    }

    /// <summary>
    /// Asks the kernel to forget cached pages of the file, so that the next read comes from the storage below (posix_fadvise(2)). Dirty
    /// pages stay.
    /// </summary>
    public static void DropCached(SafeFileHandle file)
    {
        var error = FileAdvise(file, 0, 0, AdviceDontNeed);
        if (error is not (0 or InvalidArgument or NotImplemented or NotSupported))
            throw new IOException($"posix_fadvise failed: {Message(error)}", error);
    }

    /// <summary>Writes to the file go past the page cache, or through it again. Direct ones need memory, lengths and offsets that are
    /// multiples of the device's block. False where the file system does not have it (fcntl(2): EINVAL).</summary>
    public static bool TrySetDirect(SafeFileHandle file, bool direct)
    {
        var flags = FileControl(file, GetFlags, 0);
        return flags >= 0 && FileControl(file, SetFlags, direct ? flags | Direct : flags & ~Direct) == 0;
    }

    static IOException Failure(string what)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"Could not {what}: {Message(error)}", error);
    }

    static string Message(int error) => new Win32Exception(error).Message;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle handle);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int FileControl(SafeFileHandle handle, int command, int argument);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt2(int fromDirectory, string from, int toDirectory, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string from, string to);

    [LibraryImport("libc", EntryPoint = "posix_fadvise", SetLastError = false)]
    private static partial int FileAdvise(SafeFileHandle handle, long offset, long length, int advice);
}
