using System.Globalization;
using Lineage.Contracts.Api;

namespace Lineage.Agents.Tiers;

/// <summary>
/// Writes one file so that it exists wholly or not at all: temporary file in the same directory, fsync, rename without replacing, fsync
/// of the directory and of those above it up to a root. Used by the local tier and by the outbox.
/// </summary>
/// <remarks>A crash before the rename leaves a temporary file <c>.{name}.{pid}.tmp</c>, which <see cref="CleanLeftovers"/> removes once
/// its writer is gone.</remarks>
internal static class DurableFile
{
    const string TempSuffix = ".tmp";

    public static Task<long?> WriteAsync(
        string path, Func<Stream, CancellationToken, ValueTask> write, Action<WriteStage> stages, CancellationToken ct) =>
        WriteAsync(path, Path.GetDirectoryName(path)!, write, stages, ct);

    /// <param name="root">Directories below it are shared: another writer may have made one of them and not synced its entry yet, or died
    /// before, so the entries of all are synced, whoever made them.</param>
    /// <param name="stages">What to announce after: created, header, part, written, synced, renamed, directory synced.</param>
    /// <returns>The file's size in bytes; null if the name was taken, with nothing changed.</returns>
    public static async Task<long?> WriteAsync(
        string path, string root, Func<Stream, CancellationToken, ValueTask> write, Action<WriteStage> stages, CancellationToken ct)
    {
        var directory = Path.GetDirectoryName(path)!;
        var temp = Path.Combine(
            directory, string.Create(CultureInfo.InvariantCulture, $".{Path.GetFileName(path)}.{Environment.ProcessId}{TempSuffix}"));
        try
        {
            MakeDirectory(directory);
            if (File.Exists(path)) return null;
            var size = await WriteTempAsync(temp, write, stages, ct);
            if (!NativeFiles.RenameWithoutReplacing(temp, path))
            {
                File.Delete(temp);
                return null;
            }

            stages(WriteStage.Renamed);
            for (string? level = directory; level is not null && level.Length >= root.Length; level = Path.GetDirectoryName(level))
                NativeFiles.SyncDirectory(level);
            stages(WriteStage.DirectorySynced);
            return size;
        }
        catch (Exception e)
        {
            RemoveIfPossible(temp);
            if (Classify(e, path) is { } problem) throw problem;
            throw;
        }
    }

    static async Task<long> WriteTempAsync(
        string temp, Func<Stream, CancellationToken, ValueTask> write, Action<WriteStage> stages, CancellationToken ct)
    {
        // A temporary file of this very process id and name can only be left from an earlier process that had the same id.
        File.Delete(temp);
        await using var file = new FileStream(temp, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Read,
            BufferSize = 0,
        });
        stages(WriteStage.Created);
        await using (var direct = new DirectWriter(file))
        await using (var staged = new StagedStream(direct, stages))
        {
            await write(staged, ct);
            await staged.FlushAsync(ct);
        }

        stages(WriteStage.Written);
        file.Flush(flushToDisk: true);
        stages(WriteStage.Synced);
        return file.Length;
    }

    /// <summary>Makes a directory and its missing parents, each entry durable.</summary>
    public static void MakeDirectory(string directory)
    {
        if (Directory.Exists(directory)) return;
        var parent = Path.GetDirectoryName(directory);
        if (!string.IsNullOrEmpty(parent)) MakeDirectory(parent);
        Directory.CreateDirectory(directory);
        if (!string.IsNullOrEmpty(parent)) NativeFiles.SyncDirectory(parent);
    }

    /// <summary>Whether a name is that of a temporary file; names of objects never begin with '.'.</summary>
    public static bool IsTemp(string name) => name.StartsWith('.') && name.EndsWith(TempSuffix, StringComparison.Ordinal);

    /// <summary>
    /// Removes the temporary files below a directory whose writer no longer lives on this host. Writers that share a directory share a
    /// host.
    /// </summary>
    public static int CleanLeftovers(string directory)
    {
        if (!Directory.Exists(directory)) return 0;
        var removed = 0;
        foreach (var path in Directory.EnumerateFiles(directory, ".*" + TempSuffix, SearchOption.AllDirectories))
        {
            if (WriterLives(Path.GetFileName(path))) continue;
            File.Delete(path);
            removed++;
        }

        return removed;
    }

    static bool WriterLives(string name)
    {
        var stem = name[..^TempSuffix.Length];
        var cut = stem.LastIndexOf('.');
        return int.TryParse(stem.AsSpan(cut + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            && Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}"));
    }

    /// <summary>
    /// A failed put has one cause to report; a temporary file that also refuses to go is left to <see cref="CleanLeftovers"/>.
    /// </summary>
    static void RemoveIfPossible(string temp)
    {
        try
        {
            File.Delete(temp);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            System.Diagnostics.Trace.TraceWarning($"The temporary file {temp} could not be removed: {e.Message}");
        }
    }

    /// <summary>The failures that a person can mend, by name; null for the rest.</summary>
    public static LineageProblemException? Classify(Exception failure, string path) => failure switch
    {
        IOException { HResult: NativeFiles.NoSpace or NativeFiles.QuotaExceeded } => new LineageProblemException(Problem.Of(
            ProblemCodes.DiskFull, 507, "No space left",
            $"Writing {path} failed: {failure.Message} Nothing was stored under that name; what was stored before is untouched. " +
            "Free space, then the next save works."), failure),
        UnauthorizedAccessException or IOException { HResult: NativeFiles.ReadOnlyFileSystem } => new LineageProblemException(Problem.Of(
            ProblemCodes.DirectoryUnwritable, 403, "Directory not writable",
            $"Writing {path} was refused: {failure.Message} Nothing was stored under that name. " +
            $"Make the directory writable for user {Environment.UserName}, or choose another."), failure),
        _ => null,
    };
}

internal enum WriteStage { Created, Header, Part, Written, Synced, Renamed, DirectorySynced }
