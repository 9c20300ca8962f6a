using System.Text.Json;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Training;

/// <summary>How one rank ended: what a comparison of two runs looks at. Written once, as a whole, after the last save is drained.</summary>
/// <param name="StateDigest">SHA-256 over the rank's canonical state at <paramref name="Step"/>.</param>
public sealed record FinalReport(RunId Run, Generation Generation, Rank Rank, Step Step, ContentHash StateDigest)
{
    static readonly JsonSerializerOptions Json = ContractJson.Create();

    public void Write(RunDirectory directory) =>
        WholeFile.Write(directory.FinalReport(Rank), JsonSerializer.SerializeToUtf8Bytes(this, Json));

    /// <summary>Null when the rank has not ended yet.</summary>
    public static FinalReport? Read(RunDirectory directory, Rank rank)
    {
        var path = directory.FinalReport(rank);
        return File.Exists(path) ? JsonSerializer.Deserialize<FinalReport>(File.ReadAllBytes(path), Json) : null;
    }
}

/// <summary>Replaces a small file as a whole: a reader sees the old content or the new. A crash may leave a temporary beside it.</summary>
static class WholeFile
{
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
