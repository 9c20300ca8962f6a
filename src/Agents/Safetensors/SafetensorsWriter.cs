using Lineage.Agents.Shards;
using Lineage.Agents.Tiers;

namespace Lineage.Agents.Safetensors;

/// <summary>Writes safetensors files: <c>header length u64 | JSON header, padded with blanks to 8 | the tensors without gaps</c>.</summary>
/// <remarks>Source: the format's README and its reference library, whose bytes these are; what its reader, or ours, would refuse is not
/// written.</remarks>
public static class SafetensorsWriter
{
    const int BufferBytes = 1 << 20;

    /// <summary>The file exists wholly and durably, or not at all.</summary>
    /// <param name="path">Its folder is made where it is missing.</param>
    /// <param name="metadata">Kept in <c>__metadata__</c>; may be empty.</param>
    /// <returns>Size of the file; null if the name is taken, with nothing changed.</returns>
    /// <exception cref="ShardLayoutException">A tensor's pieces do not cover it, or two have one name; nothing was written.</exception>
    public static async Task<long?> WriteAsync(
        string path, IReadOnlyList<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string> metadata, CancellationToken ct)
    {
        var ordered = Checked(tensors, metadata);
        return await DurableFile.WriteAsync(
            Path.GetFullPath(path),
            (stream, token) =>
            {
                WriteOrdered(stream, ordered, metadata, token);
                return ValueTask.CompletedTask;
            },
            static _ => { },
            ct);
    }

    /// <param name="destination">Only written to, in order.</param>
    public static void Write(
        Stream destination, IReadOnlyList<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string> metadata, CancellationToken ct) =>
        WriteOrdered(destination, Checked(tensors, metadata), metadata, ct);

    static void WriteOrdered(
        Stream destination, SafetensorsTensor[] ordered, IReadOnlyDictionary<string, string> metadata, CancellationToken ct)
    {
        destination.Write(HeaderWriter.Write(ordered, metadata));
        var buffer = new byte[Math.Min(BufferBytes, ordered.Select(static tensor => tensor.Bytes).DefaultIfEmpty().Max())];
        foreach (var (piece, start, length) in ordered.SelectMany(static tensor => tensor.Runs()))
            for (var done = 0L; done < length;)
            {
                ct.ThrowIfCancellationRequested();
                var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - done));
                piece.Source.Read(piece.Tensor, start + done, part);
                destination.Write(part);
                done += part.Length;
            }
    }

    /// <summary>In the order of the file.</summary>
    static SafetensorsTensor[] Checked(IReadOnlyList<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        Check(tensors, metadata);
        return HeaderWriter.Ordered(tensors);
    }

    /// <exception cref="ShardLayoutException">They cannot be written.</exception>
    internal static void Check(IReadOnlyList<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var objection = CountObjection(tensors.Count, metadata.Count)
            ?? tensors.Select(static t => t.Objection()).FirstOrDefault(static o => o is not null)
            ?? tensors.GroupBy(static t => t.Name, StringComparer.Ordinal).Where(static g => g.Skip(1).Any())
                .Select(static g => $"\"{g.Key}\" is there twice.").FirstOrDefault()
            ?? metadata.Where(static m => m.Value is null || !SafetensorsTensor.HasUtf8(m.Key) || !SafetensorsTensor.HasUtf8(m.Value))
                .Select(static m => $"metadata \"{m.Key}\" is no text.").FirstOrDefault();
        if (objection is not null)
            throw new ShardLayoutException($"The tensors cannot be written as safetensors: {objection} Nothing was written.");
    }

    static string? CountObjection(int tensors, int metadata)
    {
        if (tensors > SafetensorsLimits.TensorsMax)
            return $"there are {tensors:N0} tensors, at most {SafetensorsLimits.TensorsMax:N0} are allowed.";
        return metadata > SafetensorsLimits.MetadataMembersMax
            ? $"there are {metadata:N0} metadata, at most {SafetensorsLimits.MetadataMembersMax:N0} are allowed."
            : null;
    }
}
