using Lineage.Contracts.Events;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Safetensors;

/// <summary>One tensor of a header.</summary>
/// <param name="Begin">First byte, counted from the end of the header; <paramref name="End"/> is the first byte behind it.</param>
/// <param name="NameAt">Where the file names it.</param>
/// <param name="OffsetsAt">Where the file says <paramref name="Begin"/>.</param>
sealed record SafetensorsEntry(TensorSpec Spec, long Begin, long End, long NameAt, long OffsetsAt);

/// <summary>A checked header: what a file holds and where.</summary>
/// <param name="Entries">In the order of their bytes.</param>
/// <param name="BufferAt">Where the tensors' bytes begin in the file.</param>
sealed record SafetensorsHeader(IReadOnlyList<SafetensorsEntry> Entries, IReadOnlyDictionary<string, string> Metadata, long BufferAt)
{
    /// <summary>Bytes before the header: its length.</summary>
    public const int FixedBytes = 8;

    /// <summary>
    /// The tensors fill the rest of the file exactly: in whatever order the header names them, each begins where the one before it ends.
    /// The reference reader sorts by offsets and asks the same.
    /// </summary>
    public static SafetensorsHeader Of(
        List<SafetensorsEntry> entries, IReadOnlyDictionary<string, string> metadata, long bufferAt, long fileLength, string file)
    {
        entries.Sort(static (a, b) => (a.Begin, a.End, a.NameAt).CompareTo((b.Begin, b.End, b.NameAt)));
        var position = 0L;
        foreach (var entry in entries)
        {
            if (entry.Begin != position)
                throw new ShardFormatException(
                    file, entry.OffsetsAt,
                    $"tensor \"{SafetensorsLimits.Shown(entry.Spec.Name)}\" begins at {entry.Begin:N0} of the buffer, the one before " +
                    $"ends at {position:N0}: {(entry.Begin < position ? "overlap" : "gap")}.");
            position = entry.End;
        }

        var room = fileLength - bufferAt;
        if (position > room)
            throw new ShardFormatException(
                file, fileLength, $"the tensors take {position:N0} bytes, the file has {room:N0} for them.", Finding.Truncated);
        if (position < room)
            throw new ShardFormatException(
                file, bufferAt + position, $"the tensors take {position:N0} bytes, the file has {room:N0} for them: surplus bytes.");
        return new SafetensorsHeader(entries, metadata, bufferAt);
    }
}
