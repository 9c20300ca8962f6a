using Lineage.Agents.Tiers;
using Lineage.Contracts.Api;

namespace Lineage.Tests.Property.Tiers;

/// <summary>What every driver of a tier promises. A new driver gets a subclass and nothing else.</summary>
public abstract class TierConformance : IDisposable
{
    protected abstract ITier Tier { get; }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1_048_576)]
    [InlineData(3_000_001)]
    [InlineData(4_194_303)]
    [InlineData(4_194_304)]
    [InlineData(4_194_305)]
    [InlineData(12_582_912)]
    [InlineData(12_587_008)]
    [InlineData(29_360_145)]
    public async Task What_was_put_reads_back_the_same(int length)
    {
        var bytes = Bytes(length);
        Assert.Equal(length, await PutAsync("demo/g1/s1/r0.shard", bytes));
        Assert.Equal(length, Tier.SizeOf("demo/g1/s1/r0.shard"));
        foreach (var intent in Enum.GetValues<ReadIntent>()) Assert.Equal(bytes, Read("demo/g1/s1/r0.shard", intent));
    }

    [Fact]
    public async Task What_was_put_in_pieces_of_any_size_reads_back_the_same()
    {
        var random = new Random(11);
        var bytes = Bytes(31_000_003);
        await Tier.PutAsync("demo/pieces", (stream, _) =>
        {
            for (var at = 0; at < bytes.Length;)
            {
                var take = Math.Min(bytes.Length - at, random.Next(3) == 0 ? random.Next(9_000_000) : random.Next(70_000));
                stream.Write(bytes.AsSpan(at, take));
                at += take;
            }

            return ValueTask.CompletedTask;
        }, NoSteps.Instance, CancellationToken.None);
        Assert.True(bytes.AsSpan().SequenceEqual(Read("demo/pieces", ReadIntent.Verify)));
    }

    [Fact]
    public async Task A_writer_that_fails_far_into_a_large_object_leaves_nothing()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => Tier.PutAsync("demo/large", (stream, _) =>
        {
            for (var piece = 0; piece < 30; piece++) stream.Write(Bytes(1_000_000));
            throw new InvalidOperationException("the writer fails here");
        }, NoSteps.Instance, CancellationToken.None));
        Assert.Equal("the writer fails here", failure.Message);
        Assert.Null(Tier.SizeOf("demo/large"));
        Assert.Equal(0, Tier.CleanLeftovers());
    }

    [Fact]
    public async Task An_object_that_exists_is_never_overwritten()
    {
        await PutAsync("demo/a", Bytes(10));
        var refused = await Assert.ThrowsAsync<LineageProblemException>(() => PutAsync("demo/a", Bytes(20)));
        Assert.Equal(ProblemCodes.ObjectExists, refused.Code);
        Assert.Equal(Bytes(10), Read("demo/a", ReadIntent.Use));
    }

    [Fact]
    public async Task Of_many_writers_of_one_key_exactly_one_wins_and_its_object_is_whole()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(1, 8).Select(async i =>
        {
            try
            {
                await PutAsync("demo/contested", [.. Enumerable.Repeat((byte)i, 50_000)]);
                return i;
            }
            catch (LineageProblemException)
            {
                return 0;
            }
        }));
        var winner = Assert.Single(outcomes, static i => i > 0);
        Assert.All(Read("demo/contested", ReadIntent.Use), b => Assert.Equal(winner, b));
    }

    [Fact]
    public async Task A_write_that_fails_leaves_no_object_and_the_key_stays_free()
    {
        await Assert.ThrowsAsync<InvalidDataException>(() => Tier.PutAsync("demo/b", async (stream, ct) =>
        {
            await stream.WriteAsync(Bytes(100_000), ct);
            throw new InvalidDataException("the encoder failed");
        }, NoSteps.Instance, CancellationToken.None));
        Assert.Null(Tier.SizeOf("demo/b"));
        Assert.Empty(Tier.List(""));
        await PutAsync("demo/b", Bytes(3));
    }

    [Fact]
    public void A_missing_object_is_file_not_found_and_has_no_size()
    {
        Assert.Throws<FileNotFoundException>(() => Tier.OpenRead("demo/g9/s9/r0.shard"));
        Assert.Null(Tier.SizeOf("demo/g9/s9/r0.shard"));
        Assert.False(Tier.Delete("demo/g9/s9/r0.shard"));
    }

    [Fact]
    public async Task Listing_is_by_prefix_in_ordinal_order_and_deleting_takes_one_away()
    {
        foreach (var key in new[] { "b/2", "a/1", "b/10", "b/1" }) await PutAsync(key, Bytes(1));
        Assert.Equal(["a/1", "b/1", "b/10", "b/2"], Tier.List(""));
        Assert.Equal(["b/1", "b/10", "b/2"], Tier.List("b"));
        Assert.True(Tier.Delete("b/10"));
        Assert.Equal(["b/1", "b/2"], Tier.List("b"));
        Assert.Empty(Tier.List("c"));
    }

    [Fact]
    public async Task Deleting_takes_exactly_one_away_and_may_be_repeated()
    {
        foreach (var key in new[] { "demo/g1/s1/r0.shard", "demo/g1/s1/r1.shard", "demo/g1/s10/r0.shard" }) await PutAsync(key, Bytes(9));
        Assert.True(Tier.Delete("demo/g1/s1/r0.shard"));
        Assert.False(Tier.Delete("demo/g1/s1/r0.shard"));
        Assert.False(Tier.Delete("demo/g1/s1"));                  // a prefix of keys is no object
        Assert.False(Tier.Delete("demo/g1/s1/r0.shard/below"));   // and an object is no prefix
        Assert.Null(Tier.SizeOf("demo/g1/s1/r0.shard"));
        Assert.Throws<FileNotFoundException>(() => Tier.OpenRead("demo/g1/s1/r0.shard"));
        Assert.Equal(["demo/g1/s1/r1.shard", "demo/g1/s10/r0.shard"], Tier.List(""));
        Assert.Equal(Bytes(9), Read("demo/g1/s1/r1.shard", ReadIntent.Use));
    }

    [Fact]
    public async Task Of_many_that_delete_one_object_at_once_none_fails()
    {
        await PutAsync("demo/gone", Bytes(9));
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => Tier.Delete("demo/gone"))));
        Assert.Contains(true, answers);
        Assert.Empty(Tier.List(""));
    }

    [Fact]
    public async Task Who_reads_an_object_while_it_is_deleted_reads_it_to_its_end()
    {
        await PutAsync("demo/read", Bytes(100_000));
        using var reading = Tier.OpenRead("demo/read");
        Assert.True(Tier.Delete("demo/read"));
        using var copy = new MemoryStream();
        await reading.CopyToAsync(copy);
        Assert.Equal(Bytes(100_000), copy.ToArray());
    }

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("a/./b")]
    [InlineData("a//b")]
    [InlineData("a/.hidden.1.tmp")]
    [InlineData("a\\b")]
    [InlineData("A")]
    [InlineData("a\u0000b")]
    [InlineData("ä")]
    public async Task A_key_that_could_leave_the_tier_is_refused_everywhere(string key)
    {
        Assert.Equal(ProblemCodes.BadRequest, (await Assert.ThrowsAsync<LineageProblemException>(() => PutAsync(key, Bytes(1)))).Code);
        Assert.Equal(ProblemCodes.BadRequest, Assert.Throws<LineageProblemException>(() => Tier.OpenRead(key)).Code);
        Assert.Equal(ProblemCodes.BadRequest, Assert.Throws<LineageProblemException>(() => Tier.SizeOf(key)).Code);
        Assert.Equal(ProblemCodes.BadRequest, Assert.Throws<LineageProblemException>(() => Tier.Delete(key)).Code);
    }

    [Fact]
    public async Task Durable_steps_are_announced_in_order_and_each_once()
    {
        var seen = new Steps();
        await Tier.PutAsync("demo/c", async (stream, ct) =>
        {
            await stream.WriteAsync(Bytes(64), ct);
            await stream.WriteAsync(Bytes(1_000), ct);
            await stream.WriteAsync(Bytes(1_000), ct);
        }, seen, CancellationToken.None);
        Assert.Equal(seen.Seen.Distinct().Order(), seen.Seen);
        Assert.Contains(DurableStep.DirectorySynced, seen.Seen);
    }

    [Fact]
    public async Task Cancelling_a_put_leaves_no_object()
    {
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Tier.PutAsync("demo/d", async (stream, ct) =>
        {
            await stream.WriteAsync(Bytes(10), ct);
            await stop.CancelAsync();
            await stream.WriteAsync(Bytes(10), ct);
        }, NoSteps.Instance, stop.Token));
        Assert.Empty(Tier.List(""));
    }

    protected Task<long> PutAsync(string key, byte[] bytes) =>
        Tier.PutAsync(key, (stream, ct) => stream.WriteAsync(bytes, ct), NoSteps.Instance, CancellationToken.None);

    protected byte[] Read(string key, ReadIntent intent)
    {
        using var stream = Tier.OpenRead(key, intent);
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    protected static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    public virtual void Dispose() => GC.SuppressFinalize(this);

    protected sealed class Steps : IDurableSteps
    {
        public List<DurableStep> Seen { get; } = [];

        public void Reached(DurableStep step) => Seen.Add(step);
    }
}
