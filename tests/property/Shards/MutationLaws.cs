using System.Runtime.CompilerServices;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Tests.Property.House;
using Xunit.Abstractions;

namespace Lineage.Tests.Property.Shards;

/// <summary>More than a hundred thousand damaged shards: none is missed, and none that is whole is called damaged.</summary>
[Trait(Soak.Trait, Soak.Name)]
public sealed class MutationLaws(ITestOutputHelper output)
{
    static readonly ModesSeen Seen = new();
    static readonly List<Subject> Subjects = Subject.Draw(count: 240, Seen);

    [Fact]
    public void Untouched_shards_of_every_mode_are_intact()
    {
        output.WriteLine($"{Subjects.Count} subjects, {Subjects.Sum(static s => s.Object.Length) / Subjects.Count:N0} bytes each: {Seen}");
        Seen.AssertEach(20);
        foreach (var subject in Subjects)
            foreach (var hasRoot in (ReadOnlySpan<bool>)[true, false])
                Assert.Equal((Finding.Intact, null), subject.Verify(subject.Object, hasRoot) is var f ? (f.Finding, f.Detail) : default);
    }

    [Fact]
    public void A_flipped_bit_is_found_and_named_to_the_chunk() => Damage(60_000, static (random, subject) =>
    {
        var (damaged, bit) = (subject.Object.ToArray(), random.Next(8 * subject.Object.Length));
        damaged[bit / 8] ^= (byte)(1 << (bit % 8));
        return damaged;
    });

    [Fact]
    public void A_truncated_shard_is_found() =>
        Damage(12_000, static (random, subject) => subject.Object[..random.Next(subject.Object.Length)]);

    [Fact]
    public void An_extended_shard_is_found() => Damage(12_000, static (random, subject) =>
    {
        var extra = new byte[random.Next(3) == 0 ? 64 * random.Next(1, 9) : random.Next(1, 3_000)];
        if (random.Next(2) == 0) random.NextBytes(extra);
        else if (random.Next(2) == 0) extra = subject.Object[^Math.Min(extra.Length, subject.Object.Length)..];
        var at = random.Next(3) switch { 0 => 0, 1 => random.Next(subject.Object.Length), _ => subject.Object.Length };
        return [.. subject.Object.AsSpan(0, at), .. extra, .. subject.Object.AsSpan(at)];
    });

    [Fact]
    public void A_run_of_zeros_is_found_and_named() => Damage(12_000, static (random, subject) =>
    {
        var (damaged, at) = (subject.Object.ToArray(), random.Next(subject.Object.Length));
        damaged.AsSpan(at, Math.Min(random.Next(1, 513), damaged.Length - at)).Clear();
        return damaged;
    });

    [Fact]
    public void A_block_that_lies_twice_is_found_and_named() => Damage(12_000, static (random, subject) =>
    {
        var (damaged, size) = (subject.Object.ToArray(), Math.Min(64 * random.Next(1, 9), subject.Object.Length / 2));
        var (from, to) = (random.Next(damaged.Length - size), random.Next(damaged.Length - size));
        if (random.Next(2) == 0) (from, to) = (from / 64 * 64, to / 64 * 64);   // as a disk would
        subject.Object.AsSpan(from, size).CopyTo(damaged.AsSpan(to));
        return damaged;
    });

    [Fact]
    public void Two_swapped_chunks_are_found_and_named() => Damage(12_000, static (random, subject) =>
    {
        using var reader = Stored.Open(subject.Object);
        if (reader.ChunkCount == 0) return null;
        var (a, b) = (reader.Entry(random.Next(reader.ChunkCount)), reader.Entry(random.Next(reader.ChunkCount)));
        if (a.StoredOffset > b.StoredOffset) (a, b) = (b, a);
        if (a.StoredOffset == b.StoredOffset || a.StoredBytes == 0 || b.StoredBytes == 0) return null;

        // Packed again, so that chunks of different sizes also change places.
        Span<byte> Of(long from, long to) => subject.Object.AsSpan((int)from, (int)(to - from));
        var (endOfA, endOfB) = (ShardLimits.Align(a.StoredOffset + a.StoredBytes), ShardLimits.Align(b.StoredOffset + b.StoredBytes));
        return
        [
            .. Of(0, a.StoredOffset), .. Of(b.StoredOffset, endOfB), .. Of(endOfA, b.StoredOffset), .. Of(a.StoredOffset, endOfA),
            .. Of(endOfB, subject.Object.Length),
        ];
    });

    [Fact]
    public void Two_chunks_that_an_editor_swapped_with_their_digests_are_found_by_what_was_captured()
    {
        Count(6_000, (random, subject) =>
        {
            if (Resealed.Swap(subject.Object, random) is not { } damaged) return false;
            var finding = subject.Verify(damaged, hasRoot: false);
            Assert.True(finding.Finding == Finding.Altered, $"{subject.Shard}: missed, {finding}");
            return true;
        });
    }

    [Fact]
    public void Two_swapped_files_are_found() => Count(12_000, static (random, subject) =>
    {
        var other = Subjects[random.Next(Subjects.Count)];
        if (ReferenceEquals(other, subject)) return false;
        var finding = subject.Verify(other.Object, hasRoot: random.Next(2) == 0);
        Assert.True(finding.Finding == Finding.Altered, $"{subject.Shard}: missed, {finding}");
        return true;
    });

    [Fact]
    public void A_replaced_base_is_found_and_named_wherever_it_matters() => Count(6_000, static (random, subject) =>
    {
        if (subject.Base is null) return false;
        using var reader = Stored.Open(subject.Object);
        var other = subject.Others[random.Next(subject.Others.Count)];
        var matters = Enumerable.Range(0, reader.ChunkCount).Where(reader.NeedsBase).Any(chunk => Differ(reader.Place(chunk)));
        var finding = subject.Verify(subject.Object, hasRoot: random.Next(2) == 0, other);
        if (matters) Assert.Contains(": chunk ", finding.Detail, StringComparison.Ordinal);
        Assert.Equal(matters ? Finding.Altered : Finding.Intact, finding.Finding);
        return matters;

        bool Differ(ChunkPlace place)
        {
            var (left, right) = (new byte[place.Length], new byte[place.Length]);
            subject.Base.Read(place.Tensor, place.ByteOffset, left);
            other.Read(place.Tensor, place.ByteOffset, right);
            return !left.AsSpan().SequenceEqual(right);
        }
    });

    /// <summary>So many damaged objects, over all subjects, half of them without a root on record.</summary>
    /// <param name="damage">Null if there is nothing to damage so.</param>
    void Damage(int mutations, Func<Random, Subject, byte[]?> damage, [CallerMemberName] string law = "") =>
        Count(
            mutations, (random, subject) => damage(random, subject) is { } damaged && subject.IsFound(damaged, random.Next(2) == 0), law);

    void Count(int mutations, Func<Random, Subject, bool> isFound, [CallerMemberName] string law = "")
    {
        var random = new Random(20_261_125 + Soak.Times);
        var (wanted, found) = (Soak.Cases(mutations), 0);
        for (var tried = 0L; found < wanted; tried++)
        {
            Assert.True(tried < 40L * wanted, $"{law}: only {found:N0} of {tried:N0} tries were mutations");
            if (isFound(random, Subjects[random.Next(Subjects.Count)])) found++;
        }

        output.WriteLine($"{law}: {found:N0} mutations, 0 missed");
    }
}
