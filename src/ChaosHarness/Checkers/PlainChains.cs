using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>Decodes stored objects through the chains that they name, by root. A link that is missing or damaged leaves everything above
/// it without a state.</summary>
/// <param name="read">Bytes of an object.</param>
sealed class PlainChains(IReadOnlyList<ObjectEvidence> objects, Func<ObjectEvidence, byte[]> read)
{
    /// <summary>What is larger is not decoded: objects of chaos runs are small, and the decoder is slow.</summary>
    const long BytesMax = 64L << 20;

    const int LinksMax = 64;

    readonly Dictionary<ContentHash, PlainContent> bases = [];
    readonly Dictionary<ContentHash, ObjectEvidence> byRoot = objects.Where(static one => one is { Damage: null, Root: not null })
        .GroupBy(static one => one.Root!.Value).ToDictionary(static group => group.Key, static group => group.First());
    readonly HashSet<ContentHash> isBase = [.. objects.Select(static one => one.BaseRoot).OfType<ContentHash>()];

    /// <summary>The same object with its state, where it can be decoded; with the damage, where that is why it cannot.</summary>
    public ObjectEvidence Decoded(ObjectEvidence one)
    {
        if (one is not { Damage: null, Root: { } root } || one.Bytes > BytesMax) return one;
        try
        {
            return Content(root) is { } content ? one with { State = content.Digest() } : one;
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            return one with { Damage = $"every stored digest holds, and it does not decode: {e.Message}" };
        }
    }

    /// <summary>What it decodes to; null if a link is not there whole.</summary>
    /// <exception cref="InvalidDataException">It does not decode.</exception>
    public PlainContent? Content(ContentHash root) => Content(root, LinksMax);

    PlainContent? Content(ContentHash root, int linksLeft)
    {
        if (bases.TryGetValue(root, out var known)) return known;
        if (linksLeft == 0 || !byRoot.TryGetValue(root, out var one)) return null;
        PlainContent? below = null;
        if (one.BaseRoot is { } named && (below = Content(named, linksLeft - 1)) is null) return null;
        var content = new PlainContent(read(one), below);
        if (isBase.Contains(root)) bases[root] = content;
        return content;
    }
}
