using System.Globalization;
using System.Text.Json;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Saving;

/// <summary>
/// Figures of one save of one rank, one JSON line each in <c>saves-r{rank}.jsonl</c>. Times are microseconds, sizes bytes.
/// </summary>
/// <param name="StallMicroseconds">Training stood still for the copy.</param>
/// <param name="WaitMicroseconds">Training stood still before that, because too many saves were on their way.</param>
/// <param name="EncodeMicroseconds">Encoding and writing, before the fsync; 0 if it did not come to that.</param>
/// <param name="DurableMicroseconds">From the beginning of the capture until the shard was durable; null if it never was.</param>
/// <param name="ClosedMicroseconds">From the beginning of the capture until the outcome was known.</param>
public sealed record SaveRecord(
    Step Step, Generation Generation, CheckpointKind? Kind, long StallMicroseconds, long WaitMicroseconds, long RawBytes, long StoredBytes,
    long EncodeMicroseconds, long? DurableMicroseconds, long ClosedMicroseconds, SaveOutcome Outcome, string? Code, string? Detail);

/// <summary>Appends records to a rank's file. A line torn by a crash is the last one, without its line feed.</summary>
public sealed class SaveRecords(string runDirectory, Rank rank)
{
    static readonly JsonSerializerOptions Json = ContractJson.Create();

    public string Path { get; } = System.IO.Path.Combine(runDirectory, string.Create(CultureInfo.InvariantCulture, $"saves-r{rank}.jsonl"));

    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Append(SaveRecord record)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        File.AppendAllText(Path, JsonSerializer.Serialize(record, Json) + "\n");
    }
}
