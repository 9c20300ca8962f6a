using Lineage.Agents.Shards;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;

namespace Lineage.Agents.Inspecting;

/// <summary>A chunk that is not what was stored or captured.</summary>
/// <param name="File">Whose: the shard's, or that of a base under it.</param>
public sealed record DamagedChunk(string File, int Chunk, string Tensor, long Ordinal, string Detail);

/// <summary>What reading one shard and the bases given for it found.</summary>
/// <param name="Finding">Of the shard itself (docs/FORMAT.md, section 4): unknown where only a base is damaged or missing.</param>
/// <param name="Why">What kept it from being known; null otherwise.</param>
/// <param name="Damaged">The first <see cref="ShardInspector.DamagedMax"/> of them.</param>
/// <param name="Decoded">Chunks that were decoded and compared with the hash taken at capture.</param>
/// <param name="Undecoded">Chunks whose stored bytes are intact and that could not be decoded without the base.</param>
public sealed record ShardCheck(
    Finding Finding, string? Why, IReadOnlyList<DamagedChunk> Damaged, long DamagedChunks, int Decoded, int Undecoded, long ReadBytes);

/// <summary>Reads every chunk of a shard file and goes on after damage, so that a person sees all of it.</summary>
public static class ShardInspector
{
    /// <summary>Damaged chunks that are told one by one; the others are counted.</summary>
    public const int DamagedMax = 1_000;

    /// <summary>The first of the bases that is not below the shard, as far as those given lead; null if all are.</summary>
    public static ShardReader? Stray(ShardReader reader, IReadOnlyList<ShardReader> bases)
    {
        var (links, _) = Below(reader, bases);
        return bases.FirstOrDefault(given => !links.Contains(given));
    }

    /// <param name="reader">Not disposed.</param>
    /// <param name="bases">Opened base shards in any order; not disposed.</param>
    public static ShardCheck Check(ShardReader reader, IReadOnlyList<ShardReader> bases, CancellationToken ct)
    {
        var (links, missing) = Below(reader, bases);
        ITensorBytes? below = null;
        if (missing is null)
            foreach (var link in links) below = link.View(below);
        var (damaged, count, decoded, undecoded, buffer) = (new List<DamagedChunk>(), 0L, 0, 0, Array.Empty<byte>());
        for (var chunk = 0; chunk < reader.ChunkCount; chunk++)
        {
            ct.ThrowIfCancellationRequested();
            var length = reader.Place(chunk).Length;
            if (buffer.Length < length) buffer = new byte[length];
            if (One(reader, chunk, below, buffer.AsSpan(0, length), out var isDecoded) is { } damage)
            {
                if (++count <= DamagedMax) damaged.Add(damage);
            }
            else if (isDecoded) decoded++;
            else undecoded++;
        }

        var finding = Judge(reader, damaged, undecoded);
        var why = finding != Finding.Unknown ? null
            : count > 0 ? "a base under it is damaged"
            : $"{undecoded:N0} chunks refer to base {missing!.Checkpoint} with root {missing.ShardRoot.Short}, which was not given";
        return new ShardCheck(finding, why, damaged, count, decoded, undecoded, reader.ReadBytes + links.Sum(static l => l.ReadBytes));
    }

    /// <summary>The bases in the order of application, and the link that none of them is.</summary>
    static (List<ShardReader> Links, BaseShard? Missing) Below(ShardReader top, IReadOnlyList<ShardReader> bases)
    {
        var links = new List<ShardReader>();
        for (var at = top; at.Identity.Base is { } link;)
        {
            var found = bases.FirstOrDefault(given => given.Root == link.ShardRoot && given.Identity.Shard.Checkpoint == link.Checkpoint);
            if (found is null || links.Contains(found)) return (links, link);
            links.Insert(0, found);
            at = found;
        }

        return (links, null);
    }

    static DamagedChunk? One(ShardReader reader, int chunk, ITensorBytes? below, Span<byte> buffer, out bool decoded)
    {
        decoded = !reader.NeedsBase(chunk) || below is not null;
        try
        {
            if (decoded) reader.DecodeChunk(chunk, below, buffer);
            else reader.CheckStored(chunk);
            return null;
        }
        catch (ShardFormatException e)
        {
            var entry = reader.Entry(chunk);
            return new DamagedChunk(e.File, chunk, reader.Tensors[entry.Tensor].Name, entry.Ordinal, e.Message);
        }
    }

    static Finding Judge(ShardReader reader, List<DamagedChunk> damaged, int undecoded) =>
        damaged.Exists(chunk => string.Equals(chunk.File, reader.Name, StringComparison.Ordinal)) ? Finding.Altered
        : damaged.Count > 0 || undecoded > 0 ? Finding.Unknown
        : Finding.Intact;
}
