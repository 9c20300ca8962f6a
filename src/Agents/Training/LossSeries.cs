using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Training;

/// <summary>The mean loss of one step, as one generation reached it.</summary>
/// <param name="Bits">The double's 64 bits, 16 hexadecimal digits, most significant first: what a comparison looks at.</param>
/// <param name="Loss">The same for people.</param>
public sealed record LossRecord(Step Step, Generation Generation, string Bits, double Loss)
{
    public static LossRecord Of(Step step, Generation generation, double loss)
    {
        var bits = new byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleBigEndian(bits, loss);
        return new LossRecord(step, generation, Convert.ToHexStringLower(bits), loss);
    }
}

/// <summary>
/// The losses of a run, one JSON line per step and generation, appended by rank 0. A kill tears at most the last line: readers pass over
/// it and the next writer cuts it off. Observability, not state: nothing is restored from it.
/// </summary>
public sealed class LossSeries : IDisposable
{
    static readonly JsonSerializerOptions Json = CreateJson();

    readonly FileStream file;

    LossSeries(FileStream file) => this.file = file;

    static JsonSerializerOptions CreateJson()
    {
        var options = ContractJson.Create();
        options.NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals;
        return options;
    }

    /// <summary>Opens the series for appending, without the torn line that a killed writer may have left at its end.</summary>
    public static LossSeries Append(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var opened = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        opened.SetLength(EndOfLastLine(opened));
        opened.Seek(0, SeekOrigin.End);
        return new LossSeries(opened);
    }

    static long EndOfLastLine(FileStream series)
    {
        for (var end = series.Length; end > 0; end--)
        {
            series.Seek(end - 1, SeekOrigin.Begin);
            if (series.ReadByte() == '\n') return end;
        }

        return 0;
    }

    /// <exception cref="IOException">It could not be written; nothing of it is in the file.</exception>
    public void Add(LossRecord record)
    {
        var end = file.Position;
        try
        {
            file.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(record, Json) + "\n"));
        }
        catch (IOException)
        {
            file.SetLength(end);   // the next record must not follow half of this one
            file.Seek(end, SeekOrigin.Begin);
            throw;
        }
    }

    /// <summary>For each step the loss that belongs to the surviving history. Empty when there is no file yet.</summary>
    /// <exception cref="InvalidDataException">A line other than a torn last one is no record.</exception>
    public static IReadOnlyList<LossRecord> Surviving(string path) => File.Exists(path) ? Cut(Read(path)) : [];

    /// <summary>
    /// Records in the order of writing → the history that survived. A record of a newer generation discards every older record at or
    /// after its step, because that generation went back to before it; a record of a generation already superseded counts for nothing.
    /// </summary>
    public static IReadOnlyList<LossRecord> Cut(IEnumerable<LossRecord> records)
    {
        var surviving = new List<LossRecord>();
        var newest = new Generation(0);
        foreach (var record in records)
        {
            if (record.Generation < newest) continue;
            newest = record.Generation;
            while (surviving.Count > 0 && surviving[^1].Step >= record.Step) surviving.RemoveAt(surviving.Count - 1);
            surviving.Add(record);
        }

        return surviving;
    }

    static IEnumerable<LossRecord> Read(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var lines = reader.ReadToEnd().Split('\n');
        // What follows the last newline is torn or empty.
        for (var i = 0; i < lines.Length - 1; i++) yield return Parse(lines[i], i + 1, path);
    }

    static LossRecord Parse(string line, int number, string path)
    {
        try
        {
            return JsonSerializer.Deserialize<LossRecord>(line, Json) ?? throw new JsonException("the line holds null");
        }
        catch (JsonException malformed)
        {
            throw new InvalidDataException(
                $"Line {number:N0} of {path} is no loss record: {malformed.Message} " +
                "The run itself is unharmed; remove that line to read the rest.", malformed);
        }
    }

    public void Dispose() => file.Dispose();
}
