using Lineage.Contracts.Api;

namespace Lineage.Cli.Verbs;

/// <summary>A file that is there wholly or not at all, and that never takes the place of another one.</summary>
internal static class NewFile
{
    public static async Task<T> WriteAsync<T>(string path, Func<Stream, CancellationToken, Task<T>> write, CancellationToken ct)
    {
        if (File.Exists(path)) throw Refused(path, ProblemCodes.TargetNotEmpty, "It exists already.");
        var partial = path + ".partial";
        try
        {
            T result;
            await using (var file = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                result = await write(file, ct);
                file.Flush(flushToDisk: true);
            }

            File.Move(partial, path, overwrite: false);
            return result;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(partial);
            throw Refused(path, ProblemCodes.DirectoryUnwritable, e.Message, e);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    static LineageProblemException Refused(string path, string code, string why, Exception? cause = null)
    {
        var problem = Problem.Of(code, 409, "The file was not written", $"{path}: {why} Nothing was written there. Name another file.");
        return cause is null ? new LineageProblemException(problem) : new LineageProblemException(problem, cause);
    }
}
