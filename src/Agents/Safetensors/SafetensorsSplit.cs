using System.Globalization;
using Lineage.Agents.Shards;
using Lineage.Agents.Tiers;

namespace Lineage.Agents.Safetensors;

/// <param name="Tensors">Tensors in the file; none in an index.</param>
public sealed record SafetensorsFile(string Name, int Tensors, long Bytes);

/// <summary>
/// Writes tensors as one file, or as several with an index beside them when they are too large: <c>model.safetensors</c>, or
/// <c>model-00001-of-00003.safetensors</c> … and <c>model.safetensors.index.json</c>.
/// </summary>
public static class SafetensorsSplit
{
    /// <summary>The tensors of each file, in the order given. One that is larger than a file may be gets a file of its own.</summary>
    /// <param name="fileBytesMax">Tensor bytes of a file; its header is not counted, as Hugging Face's libraries do not.</param>
    public static IReadOnlyList<IReadOnlyList<SafetensorsTensor>> Of(IEnumerable<SafetensorsTensor> tensors, long fileBytesMax)
    {
        var (files, room) = (new List<List<SafetensorsTensor>> { new() }, fileBytesMax);
        foreach (var tensor in tensors)
        {
            if (files[^1].Count > 0 && tensor.Bytes > room)
            {
                files.Add([]);
                room = fileBytesMax;
            }

            files[^1].Add(tensor);
            room -= tensor.Bytes;
        }

        return files;
    }

    /// <summary>
    /// Each file exists wholly and durably or not at all, and the index comes last: without it the others are no model. A caller who wants
    /// all or nothing gives a folder that takes its name at the end.
    /// </summary>
    /// <param name="stem">What the names begin with: "model".</param>
    /// <exception cref="ShardLayoutException">They cannot be written; nothing was.</exception>
    /// <exception cref="IOException">A name is taken, or writing failed.</exception>
    public static async Task<IReadOnlyList<SafetensorsFile>> WriteAsync(
        string folder, string stem, IReadOnlyList<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string> metadata,
        long fileBytesMax, CancellationToken ct)
    {
        SafetensorsWriter.Check(tensors, metadata);
        var groups = Of(tensors, fileBytesMax);
        var files = new List<SafetensorsFile>();
        foreach (var (index, group) in groups.Index())
        {
            var name = NameOf(stem, index, groups.Count);
            var bytes = await SafetensorsWriter.WriteAsync(Path.Combine(folder, name), group, metadata, ct);
            files.Add(new SafetensorsFile(name, group.Count, bytes ?? throw Taken(folder, name)));
        }

        if (groups.Count > 1) files.Add(await WriteIndexAsync(folder, stem, groups, ct));
        return files;
    }

    static async Task<SafetensorsFile> WriteIndexAsync(
        string folder, string stem, IReadOnlyList<IReadOnlyList<SafetensorsTensor>> groups, CancellationToken ct)
    {
        var name = $"{stem}.safetensors.index.json";
        var content = SafetensorsIndex.Write(
            groups.Sum(static group => group.Sum(static tensor => tensor.Bytes)),
            groups.SelectMany((group, index) => group.Select(tensor => (tensor.Name, NameOf(stem, index, groups.Count)))));
        var bytes = await DurableFile.WriteAsync(
            Path.GetFullPath(Path.Combine(folder, name)), (stream, token) => stream.WriteAsync(content, token), static _ => { }, ct);
        return new SafetensorsFile(name, 0, bytes ?? throw Taken(folder, name));
    }

    static string NameOf(string stem, int index, int count) => count == 1
        ? $"{stem}.safetensors"
        : string.Create(CultureInfo.InvariantCulture, $"{stem}-{index + 1:00000}-of-{count:00000}.safetensors");

    static IOException Taken(string folder, string name) => new($"{Path.Combine(folder, name)} appeared while it was written.");
}
