using Lineage.Agents.Codec;
using Lineage.Agents.Shards;
using Lineage.Agents.Tiers;
using Lineage.ChaosHarness.Faults;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Chaos.Real;

/// <summary>Every class of damage to every shard of a chain is found and named; what was not touched is never called damaged.</summary>
public sealed class DamageSweep : IDisposable
{
    const int Ranks = 3, Elements = 6_000;
    static readonly long[] Steps = [4, 8, 12];   // one full checkpoint and two deltas
    static readonly ContentHash Manifest = ContentHash.Of("manifest"u8);

    readonly string root = Directory.CreateTempSubdirectory("lineage-damage-").FullName;
    readonly Dictionary<ShardId, (ShardExpectation Expected, ITensorBytes? Base)> shards = [];
    readonly LocalDirectoryTier tier;

    public DamageSweep() => tier = new LocalDirectoryTier(root);

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task Each_class_is_found_at_each_link_and_nothing_else_is_blamed()
    {
        await StoreAsync();
        int found = 0, untouched = 0;
        foreach (var kind in Enum.GetValues<DamageClass>())
            foreach (var victim in shards.Keys)
            {
                var other = kind == DamageClass.ReplayedOlder ? OtherStep(victim) : OtherRank(victim);
                ShardId[] hurt = kind == DamageClass.Swapped ? [victim, other] : [victim];
                var before = hurt.ToDictionary(static id => id, id => File.ReadAllBytes(PathOf(id)));

                StoredDamage.Apply(kind, PathOf(victim), PathOf(other));

                foreach (var id in shards.Keys)
                {
                    var finding = Verify(id);
                    if (!hurt.Contains(id))
                    {
                        Assert.True(finding.Finding == Finding.Intact, $"{kind} of {victim}: false alarm at {id}: {finding}");
                        untouched++;
                        continue;
                    }

                    Assert.True(Expected(kind).Contains(finding.Finding), $"{kind} of {victim} at {id}: {finding}");
                    Assert.Contains(PathOf(id), finding.Detail, StringComparison.Ordinal);
                    found++;
                }

                foreach (var (id, bytes) in before) File.WriteAllBytes(PathOf(id), bytes);
            }

        var (classes, objects) = (Enum.GetValues<DamageClass>().Length, Ranks * Steps.Length);
        Assert.Equal((classes + 1) * objects, found);   // a swap hurts two
        Assert.Equal((classes * objects * objects) - found, untouched);
    }

    /// <summary>What a class may be called: named for what it is, not merely refused.</summary>
    static Finding[] Expected(DamageClass kind) => kind switch
    {
        DamageClass.Missing => [Finding.Missing],
        DamageClass.Truncated or DamageClass.Emptied => [Finding.Truncated],
        // A torn object lost its footer, which is how a reader knows one that was cut off.
        DamageClass.TornBlock => [Finding.Altered, Finding.Truncated],
        // Another object in its place may well be shorter than what is on record.
        DamageClass.WrongRank or DamageClass.ReplayedOlder or DamageClass.Swapped => [Finding.Altered, Finding.Truncated],
        _ => [Finding.Altered],
    };

    ShardFinding Verify(ShardId id) =>
        ShardVerifier.Verify(PathOf(id), shards[id].Expected, VerificationDepth.Deep, shards[id].Base, CancellationToken.None);

    string PathOf(ShardId id) => tier.PathOf(ObjectKeys.Shard(id));

    static ShardId OtherRank(ShardId id) => id with { Rank = new Rank((id.Rank.Value + 1) % Ranks) };

    static ShardId OtherStep(ShardId id)
    {
        var at = Array.IndexOf(Steps, id.Checkpoint.Step.Value);
        return id with { Checkpoint = CheckpointAt(Steps[at > 0 ? at - 1 : at + 1]) };
    }

    static CheckpointId CheckpointAt(long step) => new(RunId.Parse("sweep"), new Generation(1), Step.From(step));

    async Task StoreAsync()
    {
        for (var rank = 0; rank < Ranks; rank++)
        {
            MemoryState? below = null;
            BaseShard? link = null;
            foreach (var step in Steps)
            {
                var (state, id) = (MemoryState.Draw(rank, step, below), new ShardId(CheckpointAt(step), new Rank(rank)));
                var written = await PutAsync(id, state, below, link);
                shards[id] = (new ShardExpectation(id, written.Root, written.StoredBytes), below);
                (below, link) = (state, new BaseShard(id.Checkpoint, Manifest, written.Root));
            }
        }
    }

    async Task<ShardWritten> PutAsync(ShardId id, MemoryState state, MemoryState? below, BaseShard? link)
    {
        var world = new WorldSize(Ranks);
        var identity = new ShardIdentity(id, world, LayoutDigest.Of(world, state.Tensors), link);
        ShardWritten? written = null;
        await tier.PutAsync(ObjectKeys.Shard(id), (stream, ct) =>
        {
            written = ShardWriter.Write(stream, identity, state, below, CodecPreset.Default, ct, parallel: 1);
            return ValueTask.CompletedTask;
        }, NoSteps.Instance, CancellationToken.None);
        return written!;
    }

    /// <summary>One tensor of single-precision numbers; a later state differs from the one below in every third element.</summary>
    sealed class MemoryState(byte[] bytes) : ITensorBytes
    {
        public IReadOnlyList<TensorSpec> Tensors { get; } =
            [new("weight", TensorDtype.F32, [Elements], [0], [Elements], TensorRole.Master)];

        public static MemoryState Draw(int rank, long step, MemoryState? below)
        {
            var random = new Random((int)((step * 31) + rank));
            var values = new byte[Elements * sizeof(float)];
            below?.Read(0, 0, values);
            for (var i = 0; i < Elements; i += below is null ? 1 : 3)
                BitConverter.TryWriteBytes(values.AsSpan(i * sizeof(float)), (float)(random.NextDouble() - 0.5));
            return new MemoryState(values);
        }

        public void Read(int tensor, long byteOffset, Span<byte> destination) =>
            bytes.AsSpan((int)byteOffset, destination.Length).CopyTo(destination);
    }
}
