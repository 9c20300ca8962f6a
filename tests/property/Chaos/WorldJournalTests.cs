using Lineage.Agents.Tiers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Witnesses;
using Lineage.Contracts.Identity;
using Lineage.Tests.Property.Saving;
using Microsoft.Extensions.Time.Testing;

namespace Lineage.Tests.Property.Chaos;

/// <summary>What several processes wrote down is one journal in the order of time, whoever was killed while writing.</summary>
public sealed class WorldJournalTests
{
    static readonly DateTimeOffset Began = DateTimeOffset.UnixEpoch.AddYears(56);
    static readonly CheckpointId First = Made.Id(10);

    [Fact]
    public async Task A_tier_that_is_watched_tells_what_is_durable_and_what_is_read_back_and_nothing_else()
    {
        using var folder = new TempDirectory();
        var clock = new FakeTimeProvider(Began);
        using (var journal = JournalWriter.Armed(folder["journal"], "rank:1", clock))
        {
            var tier = Witness.Over(new LocalDirectoryTier(folder["store"]), journal);
            foreach (var key in new[] { Made.Key(First, 1), "bloom/g1/s10/manifest.json" })
                await tier.PutAsync(key, (stream, ct) => stream.WriteAsync(new byte[] { 1 }, ct), NoSteps.Instance, CancellationToken.None);
            clock.Advance(TimeSpan.FromMilliseconds(7));
            await tier.OpenRead(Made.Key(First, 1)).DisposeAsync();
            await tier.OpenRead(Made.Key(First, 1), ReadIntent.Verify).DisposeAsync();
        }

        var read = WorldJournal.Merge(WorldJournal.Read(folder["journal"], Made.Bloom), Began);

        Assert.Equal<Entry>(
            [
                new Entry.Durable(0, 0, "rank:1", First, 1, Made.Key(First, 1)),
                new Entry.ReadBack(1, 7, "rank:1", First, 1, Made.Key(First, 1), 1),
            ],
            read);
    }

    [Fact]
    public void Entries_are_sorted_by_time_a_torn_line_is_left_out_and_other_runs_are_not_ours()
    {
        using var folder = new TempDirectory();
        Directory.CreateDirectory(folder.Path);
        var other = new CheckpointId(RunId.Parse("other"), new Generation(1), new Step(10));
        File.WriteAllBytes(
            folder["rank-0.jsonl"], [.. Line(2_000, First, 0), .. Line(3_000, other, 0), .. Line(4_000, First, 0).AsSpan(0, 30)]);
        File.WriteAllBytes(folder["rank-1.jsonl"], Line(1_000, First, 1));

        var read = WorldJournal.Merge(WorldJournal.Read(folder.Path, Made.Bloom), Began);

        Assert.Equal([(0L, 1L, "rank:1"), (1, 2, "rank:0")], read.Select(static one => (one.Index, one.AtMs, one.Process)));
    }

    [Fact]
    public void A_line_in_the_middle_that_is_no_entry_is_refused_with_its_file()
    {
        using var folder = new TempDirectory();
        Directory.CreateDirectory(folder.Path);
        File.WriteAllText(folder["rank-0.jsonl"], "{\"atMicros\":1}\nnonsense\n");

        Assert.Contains(
            "rank-0.jsonl", Assert.Throws<InvalidDataException>(() => WorldJournal.Read(folder.Path, Made.Bloom)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Without_the_variable_nothing_is_watched()
    {
        var tier = new LocalDirectoryTier("store");

        Assert.Null(JournalWriter.Armed(folder: null, "rank:0", TimeProvider.System));
        Assert.Same(tier, Witness.Over(tier, journal: null));
    }

    static byte[] Line(long afterMicros, CheckpointId checkpoint, int rank) => new TimedEntry(
        TimedEntry.Micros(Began) + afterMicros, new Entry.Captured(0, 0, $"rank:{rank}", checkpoint, rank, Made.StateOf(checkpoint, rank)))
        .ToLine();
}
