using Lineage.Agents.Launching;
using Lineage.Agents.Training;
using Lineage.Contracts.Identity;
using Lineage.Tests.Property.Saving;

namespace Lineage.Tests.Property.Training;

/// <summary>The file that says which processes belong to a run.</summary>
public sealed class LaunchRecordLaws
{
    /// <summary>Found by the chaos harness: after a second launcher had been refused, the ranks of the first one could not be told any
    /// more.</summary>
    [Fact]
    public async Task A_launcher_that_never_started_a_rank_leaves_the_record_of_those_that_train()
    {
        using var folder = new TempDirectory();
        var run = RunId.Parse("bloom");
        var directory = new RunDirectory(folder.Path, run);
        Directory.CreateDirectory(directory.Root);
        new LaunchRecord(run, 17, new Generation(3), RestorePoint: null, [new RankProcess(new Rank(0), 18)], DateTimeOffset.UnixEpoch)
            .Write(directory);
        var before = await File.ReadAllTextAsync(directory.Launch);
        var options = new LaunchOptions(
            run, folder.Path, LaunchPolicy.Of(new WorldSize(1), new Step(10)), new RankCommand("/bin/false", []));

        await using (new LaunchHands(options, port: null!, TimeProvider.System, static _ => { }))
        {
            // It ends before it was granted anything.
        }

        Assert.Equal(before, await File.ReadAllTextAsync(directory.Launch), StringComparer.Ordinal);
    }
}
