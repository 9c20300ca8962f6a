using Lineage.Agents.Shards;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Safetensors;

/// <summary>
/// A model that is split over several safetensors files, read as one. Opening reads the index and the header of every file, one after the
/// other, and checks that they say the same; tensors are read on demand, with one file open at a time. Not thread safe.
/// </summary>
public sealed class SafetensorsSet : ITensorBytes, IDisposable
{
    readonly Func<string, Stream?> open;
    readonly string folder;
    readonly List<Member> files = [];
    readonly List<(int File, long Begin, long Bytes)> places = [];
    readonly List<TensorSpec> tensors = [];
    (int File, Stream Source)? current;

    SafetensorsSet(string folder, Func<string, Stream?> open)
    {
        this.folder = folder;
        this.open = open;
    }

    /// <summary>File by file in the order of their names, within a file in the order of the bytes.</summary>
    public IReadOnlyList<TensorSpec> Tensors => tensors;

    /// <exception cref="ShardFormatException">The index or a file is none, a file is missing, or they contradict each other; the message
    /// names file, offset and reason.</exception>
    /// <exception cref="IOException">The index is missing, or a file cannot be read.</exception>
    public static SafetensorsSet Open(string indexPath)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(indexPath))!;
        using var index = File.OpenRead(indexPath);
        return Open(index, indexPath, file => OpenFile(Path.Combine(folder, file)));
    }

    /// <param name="index">Read, not kept.</param>
    /// <param name="name">What messages call the index; the files are called by it too.</param>
    /// <param name="open">Opens a file beside the index for reading; null if it is not there.</param>
    public static SafetensorsSet Open(Stream index, string name, Func<string, Stream?> open)
    {
        var parsed = SafetensorsIndex.Read(index, name);
        var set = new SafetensorsSet(Path.GetDirectoryName(name) ?? "", open);
        var expected = parsed.Places.ToDictionary(static place => place.Tensor, StringComparer.Ordinal);
        foreach (var file in parsed.Places.GroupBy(static place => place.File, StringComparer.Ordinal)
            .OrderBy(static file => file.Key, StringComparer.Ordinal))
            set.Add(file.Key, name, file.First().At, expected);
        if (set.tensors.Count != expected.Count) throw set.Absent(parsed, name);
        var total = set.places.Sum(static place => place.Bytes);
        if (parsed.TotalBytes is { } said && said != total)
            throw new ShardFormatException(
                name, parsed.TotalBytesAt,
                $"total_size is {said:N0}, the tensors of the {set.files.Count:N0} files take {total:N0} bytes.");
        return set;
    }

    public void Read(int tensor, long byteOffset, Span<byte> destination)
    {
        var (file, begin, bytes) = places[tensor];
        ArgumentOutOfRangeException.ThrowIfNegative(byteOffset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(byteOffset, bytes - destination.Length);
        var source = SourceOf(file);
        source.Position = begin + byteOffset;
        source.ReadExactly(destination);
    }

    void Add(string file, string index, long at, Dictionary<string, SafetensorsPlace> expected)
    {
        var path = Path.Combine(folder, file);
        using var reader = SafetensorsReader.Open(
            open(file) ?? throw new ShardFormatException(
                index, at, $"it names \"{SafetensorsLimits.Shown(file)}\", which is not there.", Finding.Missing),
            path);
        foreach (var entry in reader.Header.Entries)
        {
            if (!expected.TryGetValue(entry.Spec.Name, out var place))
                throw Contradiction(entry, $"the index {index} does not name it");
            if (place.File != file)
                throw Contradiction(
                    entry, $"the index {index} says that it lies in \"{SafetensorsLimits.Shown(place.File)}\" (byte {place.At:N0})");
            tensors.Add(entry.Spec);
            places.Add((files.Count, reader.Header.BufferAt + entry.Begin, entry.End - entry.Begin));
        }

        files.Add(new Member(file, path, reader.FileBytes));

        ShardFormatException Contradiction(SafetensorsEntry entry, string why) =>
            new(path, entry.NameAt, $"tensor \"{SafetensorsLimits.Shown(entry.Spec.Name)}\" lies here, but {why}.");
    }

    ShardFormatException Absent(SafetensorsIndex parsed, string index)
    {
        var found = tensors.Select(static tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        var absent = parsed.Places.First(place => !found.Contains(place.Tensor));
        return new ShardFormatException(
            index, absent.At,
            $"tensor \"{SafetensorsLimits.Shown(absent.Tensor)}\" is said to lie in \"{SafetensorsLimits.Shown(absent.File)}\", which " +
            "does not hold it.",
            Finding.Missing);
    }

    Stream SourceOf(int file)
    {
        if (current is { } held && held.File == file) return held.Source;
        Dispose();
        var (name, path, bytes) = files[file];
        var source = open(name) ?? throw new ShardFormatException(path, 0, "it was there and is gone.", Finding.Missing);
        current = (file, source);
        if (source.Length != bytes)
            throw new ShardFormatException(path, source.Length, $"it had {bytes:N0} bytes when it was opened, now {source.Length:N0}.");
        return source;
    }

    static FileStream? OpenFile(string path)
    {
        try
        {
            return File.OpenRead(path);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        current?.Source.Dispose();
        current = null;
    }

    /// <param name="Bytes">Size when its header was read.</param>
    sealed record Member(string Name, string Path, long Bytes);
}
