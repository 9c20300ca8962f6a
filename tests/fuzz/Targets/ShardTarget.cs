using System.IO.Hashing;
using Lineage.Agents.Shards;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Fuzz.Mutations;

namespace Lineage.Fuzz.Targets;

/// <summary>
/// A whole shard object: opened, every chunk decoded (over the base that it names if that is a seed, over zeros otherwise), verified
/// deeply, and read through a chain. Reader and verifier must agree, and what decodes must have the hash that was taken at capture.
/// </summary>
sealed class ShardTarget : FuzzTarget
{
    const int RefusedChunksMax = 2, StateBytesMax = 1 << 20, ModesMax = (int)ChunkMode.Nonzero + 2;
    readonly Dictionary<ContentHash, (byte[] Object, HeldTensors State)> bases = [];
    readonly JsonEdits json = new();
    byte[] buffer = new byte[65_536];
    long largestChunk;

    /// <param name="seeds">The full ones among them are bases.</param>
    public ShardTarget(IEnumerable<byte[]> seeds)
    {
        foreach (var seed in seeds)
        {
            using var reader = ShardReader.Open(new MemoryStream(seed, writable: false), Name);
            if (reader.Identity.Base is null) bases[reader.Root] = (seed, HeldTensors.Of(reader.View(baseState: null), reader.Root));
        }
    }

    public override string Name => "shard";

    /// <summary>64 bytes for every byte of a tensor table that is parsed, checked, written again and compared, in three readings. A few
    /// bytes may stand for a chunk of up to 8 MiB, so the largest chunk of an index that was accepted counts beside them: as stored, raw,
    /// of the base and in planes, in each reading.</summary>
    public override long AllocatedBytesMax(int inputLength) => (64L * 3 * inputLength) + (4L * 3 * largestChunk) + (256 << 10);

    public override bool IsRefusal(Exception e) => e is ShardFormatException { File: "shard" };

    protected override void Run(byte[] input)
    {
        largestChunk = 0;
        using var reader = ShardReader.Open(new MemoryStream(input, writable: false), Name);
        Stage = 1;
        var below = Below(reader);
        var refused = 0;
        ShardFormatException? first = null;
        for (var chunk = 0; chunk < reader.ChunkCount && refused < RefusedChunksMax; chunk++)
        {
            if (TryDecode(reader, chunk, below) is not { } refusal) continue;
            refused++;
            first ??= refusal;
        }

        CheckVerifier(reader, input, below, first is null);
        if (first is null) CheckChain(reader, input);
        else throw first;
    }

    ShardFormatException? TryDecode(ShardReader reader, int chunk, HeldTensors? below)
    {
        var entry = reader.Entry(chunk);
        var length = reader.Place(chunk).Length;
        largestChunk = Math.Max(largestChunk, length);
        if (buffer.Length < length) buffer = new byte[length];
        try
        {
            reader.DecodeChunk(chunk, below, buffer.AsSpan(0, length));
        }
        catch (ShardFormatException e)
        {
            Stage |= 1UL << (24 + ((int)entry.Mode & 15));
            return e;
        }

        Stage |= 1UL << (8 + ((int)entry.Mode & 15));
        return XxHash3.HashToUInt64(buffer.AsSpan(0, length)) == entry.RawHash
            ? null
            : throw new LawBrokenException($"chunk {chunk} was decoded to other bytes than were captured");
    }

    HeldTensors? Below(ShardReader reader) => reader.Identity.Base switch
    {
        null => null,
        { } link when bases.TryGetValue(link.ShardRoot, out var known) => known.State,
        _ => new HeldTensors(reader.Tensors, bytes: null, root: null),
    };

    void CheckVerifier(ShardReader reader, byte[] input, HeldTensors? below, bool intact)
    {
        var expected = new ShardExpectation(reader.Identity.Shard, reader.Root, input.Length);
        var found = ShardVerifier.Verify(
            new MemoryStream(input, writable: false), Name, expected, VerificationDepth.Deep, below, CancellationToken.None);
        if (found.Finding == Finding.Intact != intact)
            throw new LawBrokenException($"the reader found the shard {(intact ? "intact" : "damaged")}, the verifier {found.Finding}");
    }

    void CheckChain(ShardReader reader, byte[] input)
    {
        if (reader.RawBytes > StateBytesMax) return;
        var links = new List<ShardReader>();
        if (reader.Identity.Base is { } link)
        {
            if (!bases.TryGetValue(link.ShardRoot, out var known)) return;
            links.Add(ShardReader.Open(new MemoryStream(known.Object, writable: false), Name));
        }

        links.Add(ShardReader.Open(new MemoryStream(input, writable: false), Name));
        using var chain = ShardChain.Of(links);
        using var state = DecodedShard.Load(chain, CancellationToken.None, StateBytesMax);
        Stage |= 1UL << (links.Count + 1);
    }

    protected override byte[] Alter(byte[] input, byte[] other, Random random)
    {
        var kind = random.Next(12);
        if (kind <= 1 || ShardParts.Of(input) is not { } parts) return AlterBytes(input, other, random);
        switch (kind)
        {
            case 2: parts.Identity = Json(parts.Identity, random); break;
            case 3 or 4: parts.Table = Json(parts.Table, random); break;
            case 5: return parts.Chunks.Count == 0 ? input : parts.Assemble(random.Next(parts.Chunks.Count), random);
            case 6: AlterEntries(parts, random); break;
            default: AlterChunk(parts, other, random); break;
        }

        return parts.Assemble();
    }

    byte[] Json(byte[] text, Random random)
    {
        Draft.Set(text);
        json.Apply(Draft, random, 0, Draft.Length);
        return Draft.ToArray();
    }

    /// <summary>Another mode over the same bytes, or entries that are missing, repeated or in another order.</summary>
    static void AlterEntries(ShardParts parts, Random random)
    {
        if (parts.Chunks.Count == 0) return;
        var (chunk, other) = (random.Next(parts.Chunks.Count), random.Next(parts.Chunks.Count));
        switch (random.Next(4))
        {
            case 0:
                parts.Entries = [.. parts.Entries, .. parts.Entry(chunk)];
                parts.Chunks.Add(parts.Chunks[chunk]);
                break;
            case 1:
                parts.Entries = [.. parts.Entries[..(chunk * ChunkEntry.Size)], .. parts.Entries[((chunk + 1) * ChunkEntry.Size)..]];
                parts.Chunks.RemoveAt(chunk);
                break;
            case 2:
                (parts.Chunks[chunk], parts.Chunks[other]) = (parts.Chunks[other], parts.Chunks[chunk]);
                break;
            default:
                parts.Entry(chunk)[4] = (byte)random.Next(ModesMax);
                if (random.Next(2) == 0) parts.Store(chunk, parts.Chunks[other]);
                break;
        }
    }

    /// <summary>Hostile stored bytes under a digest that fits: this is what the codec's decoders get to see.</summary>
    void AlterChunk(ShardParts parts, byte[] other, Random random)
    {
        var filled = Enumerable.Range(0, parts.Chunks.Count).Where(i => parts.Chunks[i].Length > 0).ToList();
        if (filled.Count == 0) return;
        var chunk = filled[random.Next(filled.Count)];
        Draft.Set(parts.Chunks[chunk]);
        if (random.Next(3) == 0) ByteEdits.Integer(Draft.Span, random.Next(Math.Min(24, Draft.Length)), 1 << random.Next(3), random);
        else ByteEdits.Apply(Draft, random, random.Next(2) == 0 ? other : parts.Chunks[filled[random.Next(filled.Count)]]);
        parts.Store(chunk, Draft.ToArray());
    }
}
