using System.Text;
using FsCheck.Xunit;
using Lineage.Agents.Reporting;
using Lineage.Agents.Tiers;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Tests.Property.Saving;

namespace Lineage.Tests.Property.Reporting;

public sealed class OutboxLaws : IDisposable
{
    readonly TempDirectory directory = new();
    readonly List<Problem> problems = [];

    [Fact]
    public async Task What_was_added_is_there_after_any_restart_and_adding_it_again_adds_nothing()
    {
        var outbox = Open();
        for (var step = 1; step <= 5; step++) await outbox.AddAsync(Fact(step), NoSteps.Instance, CancellationToken.None);
        await outbox.AddAsync(Fact(3), NoSteps.Instance, CancellationToken.None);
        var again = Open();
        Assert.Equal(Enumerable.Range(1, 5).Select(static step => Fact(step)), again.Entries.Cast<ShardStoreReported>());
        again.Remove(Fact(2).Id);
        Assert.Equal(4, Open().Count);
    }

    [Theory]
    [InlineData(DurableStep.OutboxTempWritten, false)]
    [InlineData(DurableStep.OutboxSynced, false)]
    [InlineData(DurableStep.OutboxRenamed, true)]
    [InlineData(DurableStep.OutboxDirSynced, true)]
    public async Task A_stop_at_any_step_leaves_the_whole_fact_or_none_and_never_a_damaged_one(DurableStep at, bool there)
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => Open().AddAsync(Fact(1), new StopAt(at), CancellationToken.None));
        var again = Open();
        Assert.Equal(there ? 1 : 0, again.Count);
        Assert.Empty(problems);
        await again.AddAsync(Fact(1), NoSteps.Instance, CancellationToken.None);
        Assert.Equal(1, Open().Count);
    }

    [Property(MaxTest = 60)]
    public void A_damaged_entry_is_set_aside_and_reported_once_and_the_others_survive(int seed)
    {
        using var place = new TempDirectory();
        var found = new List<Problem>();
        var outbox = Outbox.Open(place.Path, found.Add);
        for (var step = 1; step <= 3; step++)
            outbox.AddAsync(Fact(step), NoSteps.Instance, CancellationToken.None).GetAwaiter().GetResult();
        var file = Path.Combine(place.Path, $"{Fact(2).Id}.json");
        var bytes = File.ReadAllBytes(file);
        var random = new Random(seed);
        if (random.Next(3) == 0) bytes = bytes[..random.Next(bytes.Length)];
        else bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        File.WriteAllBytes(file, bytes);

        Assert.Equal(2, Outbox.Open(place.Path, found.Add).Count);
        Assert.Equal(ProblemCodes.OutboxCorrupt, Assert.Single(found).Code);
        Assert.Equal(bytes, File.ReadAllBytes(Path.Combine(place["corrupt"], $"{Fact(2).Id}.json")));
        Assert.Equal(2, Outbox.Open(place.Path, found.Add).Count);
        Assert.Single(found);
    }

    [Fact]
    public async Task A_second_damaged_file_of_the_same_name_is_kept_beside_the_first()
    {
        for (var i = 0; i < 2; i++)
        {
            await Open().AddAsync(Fact(1), NoSteps.Instance, CancellationToken.None);
            File.WriteAllText(directory[$"{Fact(1).Id}.json"], $"damage {i}");
            Assert.Equal(0, Open().Count);
        }

        Assert.Equal(2, Directory.EnumerateFiles(directory["corrupt"]).Count());
    }

    [Fact]
    public async Task An_entry_renamed_to_another_message_is_damage()
    {
        await Open().AddAsync(Fact(1), NoSteps.Instance, CancellationToken.None);
        File.Move(directory[$"{Fact(1).Id}.json"], directory[$"{Fact(9).Id}.json"]);
        Assert.Equal(0, Open().Count);
        Assert.Equal(ProblemCodes.OutboxCorrupt, Assert.Single(problems).Code);
    }

    [Fact]
    public async Task A_full_outbox_refuses_by_name_and_keeps_what_it_has()
    {
        var outbox = Outbox.Open(directory.Path, problems.Add, entriesMax: 2);
        await outbox.AddAsync(Fact(1), NoSteps.Instance, CancellationToken.None);
        await outbox.AddAsync(Fact(2), NoSteps.Instance, CancellationToken.None);
        var refused = await Assert.ThrowsAsync<LineageProblemException>(
            () => outbox.AddAsync(Fact(3), NoSteps.Instance, CancellationToken.None));
        Assert.Equal(ProblemCodes.OutboxFull, refused.Code);
        Assert.Equal(2, Open().Count);
    }

    [Fact]
    public async Task An_entry_is_canonical_json_with_its_digest_under_it()
    {
        await Open().AddAsync(Fact(1), NoSteps.Instance, CancellationToken.None);
        var lines = File.ReadAllText(directory[$"{Fact(1).Id}.json"]).Split('\n');
        Assert.Equal(Encoding.UTF8.GetString(CanonicalJson.Write<FactMessage>(Fact(1))), lines[0]);
        Assert.Equal(ContentHash.Of(Encoding.UTF8.GetBytes(lines[0])).ToString(), lines[1]);
        Assert.Equal("", lines[2]);
    }

    internal static ShardStoreReported Fact(long step, int rank = 0)
    {
        var shard = new ShardId(SavingWorld.Id(step), new Rank(rank));
        return new ShardStoreReported
        {
            Id = FactStanding.NameOf("shard-store", shard),
            Checkpoint = shard.Checkpoint,
            Rank = shard.Rank,
            Actor = ActorId.Parse("rank:demo/1/0"),
            Correlation = "0af7651916cd43dd8448eb211c80319c",
            Diff = new DiffFigures(BaseRoot: null, 100, 50, ChunkModeCounts.None, 1, 2),
            Root = ContentHash.Of(Encoding.UTF8.GetBytes(shard.ToString())),
            StoredBytes = 70,
            Tier = "local",
            ObjectKey = ObjectKeys.Shard(shard),
        };
    }

    Outbox Open() => Outbox.Open(directory.Path, problems.Add);

    public void Dispose() => directory.Dispose();

    sealed class StopAt(DurableStep at) : IDurableSteps
    {
        public void Reached(DurableStep step)
        {
            if (step == at) throw new InvalidOperationException("stopped here");
        }
    }
}
