using System.Text;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary>Looks into the outboxes of all ranks below a state directory, without touching them: what waits, and what cannot be
/// read.</summary>
internal static class OutboxCheck
{
    const long BytesMax = 1 << 20;

    public static DoctorCheck Look(string stateDirectory)
    {
        const string name = "outbox";
        var runs = Path.Combine(stateDirectory, "runs");
        if (!Directory.Exists(runs)) return new(name, CheckResult.Skipped, "no rank has run from this state directory yet");
        try
        {
            var outboxes = Directory.EnumerateDirectories(runs).SelectMany(static run => Directory.EnumerateDirectories(run, "outbox-r*"))
                .ToArray();
            var waiting = outboxes.SelectMany(static box => Directory.EnumerateFiles(box, "*.json")).ToArray();
            var damaged = outboxes.Select(static box => Path.Combine(box, "corrupt")).Where(Directory.Exists)
                .SelectMany(static folder => Directory.EnumerateFiles(folder)).Concat(waiting.Where(static path => !IsWhole(path)))
                    .ToArray();
            if (damaged.Length > 0)
            {
                return new(
                    name, CheckResult.Damaged,
                    $"{Units.Count(damaged.Length, "entry", "entries")} cannot be read, for example {damaged[0]}",
                    "look at the file, then delete it; its checkpoint is abandoned at its deadline if it was not sealed");
            }

            return waiting.Length == 0
                ? new(name, CheckResult.Good, $"empty ({Units.Count(outboxes.Length, "rank")})")
                : new(name, CheckResult.Note, $"{Units.Count(waiting.Length, "report")} wait to be delivered",
                    "lineage launch --run RUN delivers them while it resumes the run; " +
                    "without it their checkpoints are abandoned at the deadline");
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return new(name, CheckResult.Failed, refused.Message,
                "change the rights of the state directory, or give another one with --state");
        }
    }

    /// <summary>An entry is a line of JSON and a line with its SHA-256. One that was just delivered and removed is as good as
    /// whole.</summary>
    static bool IsWhole(string path)
    {
        try
        {
            if (new FileInfo(path).Length > BytesMax) return false;
            var bytes = File.ReadAllBytes(path).AsSpan();
            var end = bytes.IndexOf((byte)'\n');
            return end >= 0 && bytes[^1] == (byte)'\n' && end < bytes.Length - 1
                && string.Equals(ContentHash.Of(bytes[..end]).ToString(), Encoding.ASCII.GetString(bytes[(end + 1)..^1]),
                    StringComparison.Ordinal);
        }
        catch (FileNotFoundException)
        {
            return true;
        }
    }
}
