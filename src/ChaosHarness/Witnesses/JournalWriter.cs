using System.Globalization;
using Lineage.ChaosHarness.Histories;

namespace Lineage.ChaosHarness.Witnesses;

/// <summary>
/// The journal of one process that the harness started, one entry a line, in a file of its own. Written with one system call an entry, so
/// that a killed process loses at most the line under way. Armed by <see cref="Variable"/> only; a production process writes none.
/// </summary>
public sealed class JournalWriter : IDisposable
{
    /// <summary>Environment variable: the folder to write to.</summary>
    public const string Variable = "LINEAGE_JOURNAL";

    readonly Lock gate = new();
    readonly FileStream file;
    readonly TimeProvider clock;

    JournalWriter(FileStream file, string process, TimeProvider clock) => (this.file, Process, this.clock) = (file, process, clock);

    /// <summary>What the entries call this process.</summary>
    public string Process { get; }

    /// <param name="folder">Null or empty: no journal is kept.</param>
    public static JournalWriter? Armed(string? folder, string process, TimeProvider clock)
    {
        if (string.IsNullOrEmpty(folder)) return null;
        Directory.CreateDirectory(folder);
        var name = string.Create(CultureInfo.InvariantCulture, $"{process.Replace(':', '-')}-{Environment.ProcessId}.jsonl");
        var file = new FileStream(
            Path.Combine(folder, name), FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        return new JournalWriter(file, process, clock);
    }

    public void Write(Entry entry)
    {
        lock (gate) file.Write(new TimedEntry(TimedEntry.Micros(clock.GetUtcNow()), entry).ToLine());
    }

    public void Dispose() => file.Dispose();
}
