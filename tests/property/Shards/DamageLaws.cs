using System.Text;
using FsCheck.Xunit;
using Lineage.Agents.Shards;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Tests.Property.Format;

namespace Lineage.Tests.Property.Shards;

/// <summary>Whatever happens to stored bytes is found, and nothing undamaged is called damaged (no false alarm: see
/// <see cref="ShardLaws"/>).</summary>
public sealed class DamageLaws
{
    const int ChunkElements = 16;
    static readonly SmallRun Run = SmallStates.Run(seed: 41, stateCount: 3, tensorCount: 4, ChunkElements);
    static readonly MemoryTensors Lower = new(Run.Tensors, Run.States[0]);
    static readonly (byte[] Object, ShardWritten Written) Full = Stored.Full(Lower, 1, ChunkElements);

    static readonly (byte[] Object, ShardWritten Written) Incremental =
        Stored.Incremental(new MemoryTensors(Run.Tensors, Run.States[1]), 2, Lower, 1, Full.Written.Root, ChunkElements);

    public static TheoryData<string> Both => new("full", "incremental");

    [Theory, MemberData(nameof(Both))]
    public void Every_single_flipped_bit_is_found_and_named_to_the_chunk(string kind)
    {
        // A small object, so that every bit of it can have its turn.
        var (lower, upper) = (Tiny(step: 1), Tiny(step: 2));
        var full = Stored.Full(lower, 1, ChunkElements);
        var (step, below) = kind == "full" ? (1, null) : (2, lower);
        var (shard, written) = step == 1 ? full : Stored.Incremental(upper, 2, lower, 1, full.Written.Root, ChunkElements);
        var expected = new ShardExpectation(new ShardId(Stored.At(step), new Rank(1)), written.Root);
        Assert.Equal(Finding.Intact, Verify(shard, expected, below).Finding);
        using var reader = Stored.Open(shard);
        for (var bit = 0; bit < shard.Length * 8; bit++)
        {
            var damaged = shard.ToArray();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            var finding = Verify(damaged, expected, below);
            Assert.True(finding.Finding is Finding.Altered or Finding.Truncated, $"bit {bit}: {finding}");
            Assert.StartsWith("x.shard: at byte ", finding.Detail, StringComparison.Ordinal);
            if (ChunkAt(reader, bit / 8) is { } name) Assert.Contains(name, finding.Detail, StringComparison.Ordinal);
        }
    }

    static MemoryTensors Tiny(int step)
    {
        var (tensors, bytes) = Samples.State(step);
        TensorSpec Cut(int tensor, long elements) => tensors[tensor] with { GlobalShape = [elements], Offsets = [0], Sizes = [elements] };
        return new MemoryTensors([Cut(0, 40), Cut(3, 33)], [bytes[0][..160], bytes[3]]);
    }

    [Theory, MemberData(nameof(Both))]
    public void Every_truncation_and_every_extension_is_found(string kind)
    {
        var (shard, step) = Subject(kind);
        for (var length = 0; length < shard.Length; length++)
            Assert.Equal(Finding.Truncated, Verify(shard[..length], step).Finding);
        foreach (var extra in new[] { 1, 7, 64, 104, 5_000 })
        {
            Assert.NotEqual(Finding.Intact, Verify([.. shard, .. new byte[extra]], step).Finding);
            Assert.NotEqual(
                Finding.Intact, Verify([.. shard, .. shard.AsSpan(shard.Length - Math.Min(extra, shard.Length))], step).Finding);
            Assert.NotEqual(Finding.Intact, Verify([.. shard.AsSpan(0, 64), .. new byte[extra], .. shard.AsSpan(64)], step).Finding);
        }
    }

    [Theory, MemberData(nameof(Both))]
    public void Two_swapped_chunks_are_found(string kind)
    {
        var (shard, step) = Subject(kind);
        using var reader = Stored.Open(shard);
        var entries = Enumerable.Range(0, reader.ChunkCount).Select(reader.Entry).Where(static e => e.StoredBytes > 0).ToList();
        var tried = 0;
        foreach (var (a, b) in entries.SelectMany(a => entries.Select(b => (a, b))).Where(static p => p.a.StoredOffset < p.b.StoredOffset))
        {
            if (a.StoredBytes != b.StoredBytes || a.StoredDigest == b.StoredDigest) continue;
            var damaged = shard.ToArray();
            shard.AsSpan((int)a.StoredOffset, a.StoredBytes).CopyTo(damaged.AsSpan((int)b.StoredOffset));
            shard.AsSpan((int)b.StoredOffset, b.StoredBytes).CopyTo(damaged.AsSpan((int)a.StoredOffset));
            Assert.Equal(Finding.Altered, Verify(damaged, step).Finding);
            tried++;
        }

        Assert.True(tried > 0, "the sample holds no two chunks of one size");
    }

    [Property(MaxTest = 200, Arbitrary = [typeof(SmallStates)])]
    public void Another_base_than_the_one_encoded_against_is_found(SmallRun run)
    {
        if (run.States.Count < 3) return;
        var (lower, other) = (new MemoryTensors(run.Tensors, run.States[0]), new MemoryTensors(run.Tensors, run.States[2]));
        var (shard, written) = Stored.Incremental(
            new MemoryTensors(run.Tensors, run.States[1]), 2, lower, 1, Full.Written.Root, run.ChunkElements);
        var expected = new ShardExpectation(new ShardId(Stored.At(2), new Rank(1)), written.Root);
        Assert.Equal(Finding.Intact, Verify(shard, expected, lower).Finding);

        // A live base has no root to compare; only the hash taken at capture can tell, and it must wherever the bases differ under a chunk
        // that uses them.
        using var reader = Stored.Open(shard);
        var matters = Enumerable.Range(0, reader.ChunkCount).Where(reader.NeedsBase).Select(reader.Place).Any(place =>
            !lower.Bytes[place.Tensor].AsSpan((int)place.ByteOffset, place.Length)
                .SequenceEqual(other.Bytes[place.Tensor].AsSpan((int)place.ByteOffset, place.Length)));
        Assert.Equal(matters ? Finding.Altered : Finding.Intact, Verify(shard, expected, other).Finding);
    }

    [Fact]
    public void A_chain_refuses_a_base_with_another_root_and_a_missing_link()
    {
        var stranger = Stored.Full(new MemoryTensors(Run.Tensors, Run.States[2]), 1, ChunkElements).Object;
        Assert.Contains("encoded against", Refused([stranger, Incremental.Object]), StringComparison.Ordinal);
        Assert.Contains("is missing", Refused([Incremental.Object]), StringComparison.Ordinal);
        Assert.Contains("full shard", Refused([Full.Object, Full.Object]), StringComparison.Ordinal);

        static string Refused(byte[][] links) =>
            Assert.Throws<ShardFormatException>(() => ShardChain.Of([.. links.Select(link => Stored.Open(link))])).Message;
    }

    [Fact]
    public void A_valid_shard_in_the_wrong_place_is_altered()
    {
        var identity = Full.Written;
        Assert.Equal(Finding.Altered, Verify(Full.Object, step: 2).Finding);
        Assert.Equal(
            Finding.Altered,
            Verify(Full.Object, new ShardExpectation(new ShardId(Stored.At(1), new Rank(3)), identity.Root), null).Finding);
        var other = ContentHash.Of("another"u8);
        Assert.Equal(
            Finding.Altered, Verify(Full.Object, new ShardExpectation(new ShardId(Stored.At(1), new Rank(1)), other), null).Finding);
        var (a, b) = (Forge.Of(Full.Object), Forge.Of(Incremental.Object));
        byte[] spliced = [.. b.Header, .. Full.Object.AsSpan(a.Header.Length)];
        Assert.Equal(Finding.Altered, Verify(spliced, step: 2).Finding);
    }

    [Fact]
    public void An_incremental_shard_without_its_base_is_unknown_not_intact()
    {
        var expected = new ShardExpectation(new ShardId(Stored.At(2), new Rank(1)), Incremental.Written.Root);
        Assert.Equal(Finding.Unknown, Verify(Incremental.Object, expected, null).Finding);
        var damagedBase = Full.Object.ToArray();
        using (var whole = Stored.Open(Full.Object))
            damagedBase[(int)Enumerable.Range(0, whole.ChunkCount).Select(whole.Entry).First(static e => e.StoredBytes > 0)
                .StoredOffset] ^= 1;
        using var below = Stored.Open(damagedBase, "base.shard");
        var finding = Verify(Incremental.Object, expected, below.View(baseState: null));
        Assert.True(finding.Finding is Finding.Unknown or Finding.Intact, finding.ToString());
    }

    [Fact]
    public void A_missing_file_is_missing_and_a_directory_is_unreadable()
    {
        var expected = new ShardExpectation(new ShardId(Stored.At(1), new Rank(1)));
        var nowhere = Path.Combine(AppContext.BaseDirectory, "no", "such.shard");
        Assert.Equal(Finding.Missing, ShardVerifier.Verify(nowhere, expected, VerificationDepth.Deep, null, default).Finding);
        Assert.Equal(
            Finding.Unreadable, ShardVerifier.Verify(AppContext.BaseDirectory, expected, VerificationDepth.Deep, null, default).Finding);
    }

    [Theory, MemberData(nameof(Both))]
    public void Hostile_bytes_under_valid_digests_are_refused_by_name_and_never_crash_the_reader(string kind)
    {
        var forge = Forge.Of(Subject(kind).Shard);
        var random = new Random(20_261_124);
        for (var i = 0; i < 6_000; i++)
        {
            var (header, index) = (forge.Header.ToArray(), forge.Index.ToArray());
            for (var edits = random.Next(1, 4); edits > 0; edits--)
            {
                var part = random.Next(3) == 0 ? header : index;
                part[random.Next(part.Length)] = random.Next(4) switch { 0 => 0, 1 => 0xFF, 2 => (byte)'9', _ => (byte)random.Next(256) };
            }

            ReadWhole((forge with { Header = header, Index = index }).Assemble());
        }
    }

    /// <summary>Either decodes or refuses as a damaged shard; anything else fails the test.</summary>
    static void ReadWhole(byte[] shard)
    {
        try
        {
            using var reader = Stored.Open(shard);
            for (var chunk = 0; chunk < reader.ChunkCount; chunk++) reader.DecodeChunk(chunk, Lower, new byte[reader.Place(chunk).Length]);
        }
        catch (ShardFormatException e)
        {
            Assert.StartsWith("test.shard: at byte ", e.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("\"sizes\":[", "\"sizes\":[4611686018427387904,", "dimensions")]
    [InlineData("\"dtype\":\"", "\"dtype\":\"Q", "tensor table")]
    [InlineData("\"name\":\"", "\"name\":\"\\ud800", "tensor table")]
    [InlineData("\"castOf\":null", "\"castOf\":\"nobody\"", "cast of")]
    [InlineData("\"role\":\"weight\"", "\"role\":\"weight\",\"x\":1", "canonical")]
    public void A_tensor_table_that_breaks_a_rule_is_refused(string old, string replacement, string reason)
    {
        var forge = Forge.Of(Full.Object);
        var length = BitConverter.ToInt32(forge.Index);
        var table =
            Encoding.UTF8.GetBytes(
                Encoding.UTF8.GetString(forge.Index.AsSpan(8, length)).Replace(old, replacement, StringComparison.Ordinal));
        var entries = forge.Index[((8 + length + 7) / 8 * 8)..];
        var thrown =
            Assert.Throws<ShardFormatException>(() => Stored.Open((forge with { Index = ShardIndex.Write(table, entries) }).Assemble()));
        Assert.Contains(reason, thrown.Message, StringComparison.Ordinal);
    }

    static (byte[] Shard, int Step) Subject(string kind) => kind == "full" ? (Full.Object, 1) : (Incremental.Object, 2);

    static ShardFinding Verify(byte[] shard, int step)
    {
        var written = step == 1 ? Full.Written : Incremental.Written;
        return Verify(shard, new ShardExpectation(new ShardId(Stored.At(step), new Rank(1)), written.Root), step == 1 ? null : Lower);
    }

    static ShardFinding Verify(byte[] shard, ShardExpectation expected, ITensorBytes? baseState) =>
        ShardVerifier.Verify(new MemoryStream(shard), "x.shard", expected, VerificationDepth.Deep, baseState, CancellationToken.None);

    static string? ChunkAt(ShardReader reader, int position) => Enumerable.Range(0, reader.ChunkCount).Select(reader.Entry)
        .Where(e => position >= e.StoredOffset && position < ShardLimits.Align(e.StoredOffset + e.StoredBytes))
        .Select(e => $"chunk {e.Ordinal:N0} of tensor \"{reader.Tensors[e.Tensor].Name}\"").FirstOrDefault();
}
