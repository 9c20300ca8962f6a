using System.Text.Json;
using FsCheck.Xunit;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Format;

/// <summary>The short way to canonical bytes gives what the long way gives.</summary>
public sealed class PlainJsonLaws
{
    static void Same(object value, Type type) => Assert.Equal(
        CanonicalJson.Canonicalize(JsonSerializer.SerializeToElement(value, type, CanonicalJson.Options)),
        CanonicalJson.Write(value, type));

    [Fact]
    public void Everything_that_is_written_down_for_ever_is_written_the_same()
    {
        foreach (var e in Samples.Events.Concat(Samples.Messages)) Same(e, e.GetType());
        Same(Samples.Manifest, typeof(Manifest));
    }

    [Property(MaxTest = 2_000)]
    public void Whatever_texts_and_numbers_hold(string? text, long number, bool late, DateTimeOffset at)
    {
        var e = new ShardVerified(
            CheckpointId.Parse("demo/1/10"), new Rank(3), Finding.Altered, VerificationDepth.Deep, text,
            late ? number : number % 1_000, at);
        byte[]? expected = null;
        try
        {
            expected = CanonicalJson.Canonicalize(JsonSerializer.SerializeToElement(e, CanonicalJson.Options));
        }
        catch (Exception refused) when (refused is FormatException or ArgumentException)
        {
            Assert.Throws(refused.GetType(), () => CanonicalJson.Write(e));
        }

        if (expected is not null) Assert.Equal(expected, CanonicalJson.Write(e));
    }

    [Theory]
    [InlineData(999_999_999_999_999), InlineData(CanonicalJson.WholeNumberMax), InlineData(-CanonicalJson.WholeNumberMax)]
    public void Large_numbers_keep_every_digit(long number) => Same(new RankRestored(
        RecoveryId.Parse("demo/2"), new Rank(0), CheckpointId.Parse("demo/1/10"), number, "local", ContentHash.Of("x"u8), 1,
        DateTimeOffset.UnixEpoch), typeof(RankRestored));
}
