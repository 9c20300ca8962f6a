using System.Text;
using Lineage.Agents.Reporting;
using Lineage.Agents.Tiers;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.Tests.Chaos.Sweeps;

/// <summary>Without any service: a process is killed at every durable step of storing an object and keeping its report.</summary>
public sealed class StorageSweep : IDisposable
{
    readonly string state = Directory.CreateTempSubdirectory("lineage-sweep-").FullName;

    /// <summary>The steps that storage takes by itself; the others need a service (<see cref="SaveSweep"/>).</summary>
    public static TheoryData<DurableStep> StepsOfStorage => [.. Enum.GetValues<DurableStep>()
        .Where(static step => step is >= DurableStep.TempCreated and <= DurableStep.OutboxDirSynced)];

    [Theory, MemberData(nameof(StepsOfStorage))]
    public async Task What_was_stored_before_survives_and_what_was_being_stored_is_whole_or_absent(DurableStep step)
    {
        await using (var process = SaverProcess.Start("store", state, "store", state, step.ToString()))
            Assert.True(await process.WaitAsync(CancellationToken.None) == SaverProcess.Killed, process.Tail());

        var tier = new LocalDirectoryTier(Path.Combine(state, "store"));
        Assert.Equal(Bytes(1), Read(tier, 1));
        Assert.Equal(step >= DurableStep.Renamed, tier.SizeOf(Key(2)) is not null);
        if (step >= DurableStep.Renamed) Assert.Equal(Bytes(2), Read(tier, 2));
        Assert.Equal(step < DurableStep.Renamed ? 1 : 0, tier.CleanLeftovers());
        Assert.Empty(Directory.EnumerateFiles(tier.Root, ".*", SearchOption.AllDirectories));

        var damaged = new List<Problem>();
        var outbox = Outbox.Open(Path.Combine(state, "outbox"), damaged.Add);
        Assert.Empty(damaged);
        Assert.Equal(step >= DurableStep.OutboxRenamed ? [Fact(1), Fact(2)] : [Fact(1)], outbox.Entries.Cast<ShardStoreReported>());
    }

    [Fact]
    public async Task A_process_that_nobody_kills_stores_everything()
    {
        await using var process = SaverProcess.Start("store", state, "store", state, "none");
        Assert.True(await process.WaitAsync(CancellationToken.None) == SaverHost.Survived, process.Tail());
        var tier = new LocalDirectoryTier(Path.Combine(state, "store"));
        Assert.Equal(Bytes(2), Read(tier, 2));
        Assert.Equal(0, tier.CleanLeftovers());
    }

    internal static string Key(int number) => ObjectKeys.Shard(Shard(number));

    internal static byte[] Bytes(int number)
    {
        var bytes = new byte[200_000];
        new Random(number).NextBytes(bytes);
        return bytes;
    }

    internal static ShardStoreReported Fact(int number) => new()
    {
        Id = FactStanding.NameOf("shard-store", Shard(number)),
        Checkpoint = Shard(number).Checkpoint,
        Rank = Shard(number).Rank,
        Actor = ActorId.Parse("rank:sweep/1/0"),
        Correlation = "sweep",
        Diff = new DiffFigures(BaseRoot: null, 1, 1, ChunkModeCounts.None, 1, 1),
        Root = ContentHash.Of(Encoding.UTF8.GetBytes(Key(number))),
        StoredBytes = 1,
        Tier = "local",
        ObjectKey = Key(number),
    };

    static ShardId Shard(int number) => new(new CheckpointId(RunId.Parse("sweep"), new Generation(1), new Step(number)), new Rank(0));

    static byte[] Read(LocalDirectoryTier tier, int number)
    {
        using var stream = tier.OpenRead(Key(number), ReadIntent.Verify);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    public void Dispose() => Directory.Delete(state, recursive: true);
}
