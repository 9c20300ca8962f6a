using Lineage.Contracts.Api;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Tiers;

/// <summary>A directory of a POSIX file system as a tier; an object is a file at the path of its key.</summary>
/// <param name="root">Made when the first object is stored.</param>
public sealed class LocalDirectoryTier(string root, string name = LocalDirectoryTier.DefaultName) : ITier
{
    public const string DefaultName = "local";

    readonly string root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));

    public string Name { get; } = name;

    public string Root => root;

    public async Task<long> PutAsync(
        string key, Func<Stream, CancellationToken, ValueTask> write, IDurableSteps steps, CancellationToken ct)
    {
        var size = await DurableFile.WriteAsync(PathOf(key), root, write, stage => steps.Reached(StepOf(stage)), ct);
        return size ?? throw new LineageProblemException(Problem.Of(
            ProblemCodes.ObjectExists, 409, "Object exists",
            $"{key} exists in tier {Name} with {SizeOf(key) ?? 0:N0} bytes and objects are never overwritten. It stays as it is. " +
            "Save the next step; the service abandons this one at its deadline."));
    }

    public Stream OpenRead(string key, ReadIntent intent = ReadIntent.Use)
    {
        FileStream file;
        try
        {
            file = new FileStream(PathOf(key), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        }
        catch (DirectoryNotFoundException e)
        {
            throw new FileNotFoundException($"{key} is not in tier {Name}.", key, e);
        }

        if (intent == ReadIntent.Verify) NativeFiles.DropCached(file.SafeFileHandle);
        return file;
    }

    public long? SizeOf(string key)
    {
        var file = new FileInfo(PathOf(key));
        return file.Exists ? file.Length : null;
    }

    public IReadOnlyList<string> List(string prefix)
    {
        var start = prefix.Length == 0 ? root : PathOf(prefix);
        if (!Directory.Exists(start)) return [];
        return [.. Directory.EnumerateFiles(start, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(root, path))
            .Where(key => ObjectKeys.Objection(key) is null)
            .Order(StringComparer.Ordinal)];
    }

    public bool Delete(string key)
    {
        var path = PathOf(key);
        if (!File.Exists(path)) return false;
        try
        {
            File.Delete(path);
            NativeFiles.SyncDirectory(Path.GetDirectoryName(path)!);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return false;   // somebody else took the whole directory away meanwhile
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new LineageProblemException(Problem.Of(
                ProblemCodes.DirectoryUnwritable, 403, "Directory not writable",
                $"Deleting {path} was refused: {e.Message} It stays. Make its directory writable for user {Environment.UserName}."), e);
        }
    }

    public int CleanLeftovers() => DurableFile.CleanLeftovers(root);

    /// <summary>Where an object's file is.</summary>
    public string PathOf(string key) => ObjectKeys.Objection(key) is { } objection
        ? throw new LineageProblemException(Problem.Of(
            ProblemCodes.BadRequest, 400, "Not an object key",
            $"\"{key}\" cannot name an object in tier {Name}: {objection}. Nothing was read or written."))
        : Path.Combine(root, key);

    static DurableStep StepOf(WriteStage stage) => stage switch
    {
        WriteStage.Created => DurableStep.TempCreated,
        WriteStage.Header => DurableStep.HeaderWritten,
        WriteStage.Part => DurableStep.PartlyWritten,
        WriteStage.Written => DurableStep.Written,
        WriteStage.Synced => DurableStep.FileSynced,
        WriteStage.Renamed => DurableStep.Renamed,
        WriteStage.DirectorySynced => DurableStep.DirectorySynced,
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
