using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Witnesses;

/// <summary>What the processes of a world wrote down, and what the harness did itself, as one journal in the order of time.</summary>
public static class WorldJournal
{
    const int LinesMax = 2_000_000;

    /// <summary>Every entry about a run below a folder; empty where nothing was written.</summary>
    /// <exception cref="InvalidDataException">More lines than can be judged, or one in the middle of a file that is no entry.</exception>
    public static ImmutableArray<TimedEntry> Read(string folder, RunId run)
    {
        var found = ImmutableArray.CreateBuilder<TimedEntry>();
        if (!Directory.Exists(folder)) return [];
        foreach (var file in Directory.EnumerateFiles(folder, "*.jsonl", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            foreach (var line in WholeLines(file))
            {
                if (found.Count == LinesMax) throw new InvalidDataException($"{folder} holds more than {LinesMax:N0} entries.");
                var entry = Parse(line, file);
                if (RunOf(entry.Entry) is not { } about || about == run) found.Add(entry);
            }

        return found.ToImmutable();
    }

    /// <summary>Sorted by time; entries of one process stay in their order. Gets indexes, and times since a moment.</summary>
    public static IReadOnlyList<Entry> Merge(IEnumerable<TimedEntry> entries, DateTimeOffset beganAt)
    {
        const long perMillisecond = 1_000;
        var began = TimedEntry.Micros(beganAt);
        return
        [
            .. entries.OrderBy(static one => one.AtMicros)
                .Select((one, index) => one.Entry with { Index = index, AtMs = (one.AtMicros - began) / perMillisecond }),
        ];
    }

    /// <summary>What follows the last line feed was torn by a kill.</summary>
    static string[] WholeLines(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var text = reader.ReadToEnd();
        return text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    static TimedEntry Parse(string line, string file)
    {
        try
        {
            return TimedEntry.Parse(line);
        }
        catch (JsonException broken)
        {
            throw new InvalidDataException($"{file} has a line that is no entry: {broken.Message}", broken);
        }
    }

    /// <summary>Null for an entry that is about no one run.</summary>
    static RunId? RunOf(Entry entry) => entry switch
    {
        Entry.Captured one => one.Checkpoint.Run,
        Entry.Trained one => one.Run,
        Entry.Offered one => one.Run,
        Entry.ReadBack one => one.Checkpoint.Run,
        Entry.Durable one => one.Checkpoint.Run,
        Entry.Sent one => one.Checkpoint.Run,
        Entry.Restored { Checkpoint: { } checkpoint } => checkpoint.Run,
        _ => null,
    };
}
