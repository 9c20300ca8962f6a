using System.Globalization;
using Lineage.Agents.Tiers;
using Lineage.Contracts.Api;
using Lineage.Tests.Property.Saving;

namespace Lineage.Tests.Property.Tiers;

public sealed class LocalDirectoryTierLaws : TierConformance
{
    readonly TempDirectory directory = new();
    LocalDirectoryTier? tier;

    protected override ITier Tier => tier ??= new LocalDirectoryTier(directory["store"]);

    [Fact]
    public async Task Leftovers_of_dead_writers_go_and_those_of_living_ones_and_objects_stay()
    {
        await PutAsync("demo/a", Bytes(5));
        var folder = directory["store/demo"];
        var dead = Path.Combine(folder, $".r0.shard.{int.MaxValue.ToString(CultureInfo.InvariantCulture)}.tmp");
        var living = Path.Combine(folder, $".r1.shard.{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}.tmp");
        File.WriteAllText(dead, "torn");
        File.WriteAllText(living, "growing");
        Assert.Equal(["demo/a"], Tier.List(""));   // what is being written is never listed

        Assert.Equal(1, Tier.CleanLeftovers());
        Assert.False(File.Exists(dead));
        Assert.True(File.Exists(living));
        Assert.Equal(Bytes(5), Read("demo/a", ReadIntent.Use));
    }

    [Fact]
    public async Task Where_a_directory_cannot_be_made_the_problem_is_named_and_nothing_is_left()
    {
        File.WriteAllText(directory["store"], "a file where the store should be");
        await Assert.ThrowsAnyAsync<Exception>(() => PutAsync("demo/a", Bytes(1)));
        Assert.Equal("a file where the store should be", File.ReadAllText(directory["store"]));
    }

    [Theory]
    [InlineData(28, ProblemCodes.DiskFull)]
    [InlineData(122, ProblemCodes.DiskFull)]
    [InlineData(30, ProblemCodes.DirectoryUnwritable)]
    public async Task What_the_disk_says_gets_a_name_and_the_temporary_file_goes(int errno, string code)
    {
        var refused = await Assert.ThrowsAsync<LineageProblemException>(() => Tier.PutAsync("demo/a", async (stream, ct) =>
        {
            await stream.WriteAsync(Bytes(1_000), ct);
            throw new IOException("as the kernel would", errno);
        }, NoSteps.Instance, CancellationToken.None));
        Assert.Equal(code, refused.Code);
        Assert.Empty(Directory.EnumerateFiles(directory.Path, "*", SearchOption.AllDirectories));
    }

    public override void Dispose()
    {
        directory.Dispose();
        base.Dispose();
    }
}
