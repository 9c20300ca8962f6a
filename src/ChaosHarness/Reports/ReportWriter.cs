using System.Text;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Format;

namespace Lineage.ChaosHarness.Reports;

/// <summary>
/// Writes the directory of a run: <c>verdict.json</c> and <c>junit.xml</c> for programs, <c>summary.md</c> for a job's page,
/// <c>report.html</c> for people, and where a history is shown <c>history.jsonl</c> and <c>schedule.json</c> to look closer and to run it
/// again.
/// </summary>
/// <remarks>If the process dies here, files of an earlier run may lie beside new ones: <c>verdict.json</c> is written last, so whoever
/// finds it finds all of one run.</remarks>
public static class ReportWriter
{
    public static void Write(string directory, ReportModel model)
    {
        Directory.CreateDirectory(directory);
        File.Delete(Path.Combine(directory, VerdictDocument.FileName));
        File.Delete(Path.Combine(directory, "schedule.json"));
        File.Delete(Path.Combine(directory, "history.jsonl"));
        if (model.Evidence is { } evidence)
        {
            File.WriteAllBytes(Path.Combine(directory, "schedule.json"), evidence.Schedule.ToJson());
            WriteHistory(Path.Combine(directory, "history.jsonl"), evidence);
        }

        File.WriteAllText(Path.Combine(directory, "summary.md"), Summary.Of(model));
        File.WriteAllText(Path.Combine(directory, "report.html"), ReportHtml.Of(model));
        File.WriteAllText(Path.Combine(directory, "junit.xml"), JUnit.Of(model));
        File.WriteAllBytes(Path.Combine(directory, VerdictDocument.FileName), CanonicalJson.Write(VerdictDocument.Of(model)));
    }

    /// <summary>Journal and streams in the order of time, one object a line.</summary>
    static void WriteHistory(string path, Evidence evidence)
    {
        var entries = evidence.Journal.Select(static one => (one.AtMs, Rank: 0, Order: one.Index,
            Line: CanonicalJson.Write<Entry>(one)));
        var events = evidence.Streams.SelectMany(static stream => stream.Events.Select(e => (
            e.AtMs, Rank: 1, Order: e.Sequence,
            Line: CanonicalJson.Write(new RecordedLine(stream.Key, e.Version, e.Sequence, e.Name, e.AtMs, e.DigestHeld, e.Body)))));
        using var file = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        foreach (var (_, _, _, line) in entries.Concat(events).OrderBy(static one => one.AtMs).ThenBy(static one => one.Rank)
            .ThenBy(static one => one.Order))
            file.Write(Encoding.UTF8.GetString(line) + "\n");
    }

    sealed record RecordedLine(string Stream, long Version, long Sequence, string Event, long AtMs, bool? DigestHeld, object Body);
}
