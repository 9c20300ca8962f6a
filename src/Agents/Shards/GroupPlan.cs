using Lineage.Contracts.Format;

namespace Lineage.Agents.Shards;

/// <summary>
/// Chunks are worked on in groups: several times as many as digests are taken of side by side, so that chunks of like size find each
/// other, and so few that what is on its way stays small whatever the state's size.
/// </summary>
static class GroupPlan
{
    public const int ChunksMax = 64;

    /// <summary>Raw bytes of a group, unless one chunk alone has more.</summary>
    public const int RawBytesMax = 16 << 20;

    /// <summary>Cuts a list of chunks into groups.</summary>
    public static IEnumerable<ArraySegment<int>> Of(int[] chunks, ShardReader reader)
    {
        for (var start = 0; start < chunks.Length;)
        {
            var (end, bytes) = (start, 0L);
            while (end < chunks.Length && end - start < ChunksMax
                && (end == start || bytes + reader.Entry(chunks[end]).RawBytes <= RawBytesMax))
                bytes += reader.Entry(chunks[end++]).RawBytes;
            yield return new ArraySegment<int>(chunks, start, end - start);
            start = end;
        }
    }

    /// <summary>The same of the places of a state.</summary>
    public static IEnumerable<IReadOnlyList<ChunkPlace>> Of(IEnumerable<ChunkPlace> places)
    {
        var (group, bytes) = (new List<ChunkPlace>(), 0L);
        foreach (var place in places)
        {
            if (group.Count == ChunksMax || (group.Count > 0 && bytes + place.Length > RawBytesMax))
            {
                yield return group;
                (group, bytes) = ([], 0);
            }

            group.Add(place);
            bytes += place.Length;
        }

        if (group.Count > 0) yield return group;
    }
}
