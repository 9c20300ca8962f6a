using System.Text;
using Lineage.Agents.Reporting;
using Lineage.Agents.Tiers;
using Lineage.ChaosHarness.Faults;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.ChaosHarness.Sweeps;

/// <summary>
/// A process that dies by its own SIGKILL at one durable step of storing an object and keeping its report, without any service: what was
/// stored before survives, and what was being stored is whole or absent.
/// </summary>
public static class StorageDeath
{
    /// <summary>What a process that was killed by SIGKILL ends with.</summary>
    public const int Killed = 137;

    /// <summary>In place of a step: nobody is killed.</summary>
    public const string Nobody = "none";

    /// <summary>The steps that storage takes by itself; the others need a service.</summary>
    public static IReadOnlyList<DurableStep> Steps { get; } = [.. Enum.GetValues<DurableStep>()
        .Where(static step => step is >= DurableStep.TempCreated and <= DurableStep.OutboxDirSynced)];

    /// <summary>The work of the process: an object and its report, then others, with the failpoint armed for those.</summary>
    public static async Task WorkAsync(string state, string step, CancellationToken ct)
    {
        var tier = new LocalDirectoryTier(Path.Combine(state, "store"));
        var outbox = Outbox.Open(Path.Combine(state, "outbox"), static problem => Console.Error.WriteLine(problem.Detail));
        IDurableSteps failpoint =
            step is Nobody ? NoSteps.Instance : new KillAtDurableStep(Enum.Parse<DurableStep>(step), occurrence: 1);
        foreach (var number in new[] { 1, 2 })
        {
            var steps = number == 2 ? failpoint : NoSteps.Instance;
            var bytes = Bytes(number);
            await tier.PutAsync(Key(number), async (stream, token) =>
            {
                foreach (var part in bytes.Chunk(bytes.Length / 4)) await stream.WriteAsync(part, token);
            }, steps, ct);
            await outbox.AddAsync(Fact(number), steps, ct);
        }
    }

    /// <returns>What is not as it must be after a death at that step; empty if all is well.</returns>
    public static IReadOnlyList<string> Judge(string state, DurableStep step)
    {
        List<string> objections = [];
        void Expect(bool holds, string what)
        {
            if (!holds) objections.Add($"killed at {step}: {what}");
        }

        var tier = new LocalDirectoryTier(Path.Combine(state, "store"));
        Expect(Read(tier, 1).AsSpan().SequenceEqual(Bytes(1)), "what was stored before has other bytes");
        Expect(step >= DurableStep.Renamed == tier.SizeOf(Key(2)) is not null, "the new object's name is there too early or not at all");
        if (step >= DurableStep.Renamed) Expect(Read(tier, 2).AsSpan().SequenceEqual(Bytes(2)), "the new object is not whole");
        Expect(tier.CleanLeftovers() == (step < DurableStep.Renamed ? 1 : 0), "not exactly its own temporary file was left behind");
        Expect(!Directory.EnumerateFiles(tier.Root, ".*", SearchOption.AllDirectories).Any(), "a temporary file was not cleaned up");
        var damaged = new List<Problem>();
        var entries = Outbox.Open(Path.Combine(state, "outbox"), damaged.Add).Entries;
        Expect(damaged.Count == 0, "the outbox holds an entry that cannot be read");
        Expect(
            entries.SequenceEqual(step >= DurableStep.OutboxRenamed ? [Fact(1), Fact(2)] : new FactMessage[] { Fact(1) }),
            "the outbox does not hold exactly what was kept");
        return objections;
    }

    public static string Key(int number) => ObjectKeys.Shard(Shard(number));

    public static byte[] Bytes(int number)
    {
        var bytes = new byte[200_000];
        new Random(number).NextBytes(bytes);
        return bytes;
    }

    public static ShardStoreReported Fact(int number) => new()
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
        if (tier.SizeOf(Key(number)) is null) return [];
        using var stream = tier.OpenRead(Key(number), ReadIntent.Verify);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
