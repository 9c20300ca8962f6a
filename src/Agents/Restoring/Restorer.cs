using Lineage.Agents.Capture;
using Lineage.Agents.Shards;
using Lineage.Agents.Tiers;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Restoring;

/// <param name="ReadBytes">Stored bytes that were read along the chain.</param>
public sealed record Restored(CheckpointId Checkpoint, long RawBytes, long ReadBytes, TimeSpan Took);

/// <summary>
/// Rebuilds one rank's state through its chain. Every stored digest is checked before the first byte reaches the state, so a damaged chain
/// changes nothing: never a mixture of steps. Each chunk is compared with its hash taken at capture as it is decoded.
/// </summary>
/// <remarks>
/// A crash in the middle leaves nothing behind: it only reads, and the state lives in this process. A state whose memory is decoded into
/// directly is undefined if a chunk with a right digest decodes to something else (the object changed in between, memory fails, or a bug):
/// the exception says so, and the process must not train on.
/// </remarks>
public sealed class Restorer(ITier tier, TimeProvider clock)
{
    const int CopyBytes = 4 << 20;

    public string TierName => tier.Name;

    /// <param name="plan">The chain as the service gave it.</param>
    /// <exception cref="ShardDamagedException">A shard of the chain is not what was recorded; the state is untouched, or not to be used
    /// (see remarks).</exception>
    /// <exception cref="LineageProblemException">
    /// restore-mismatch: the plan is not whole. layout-mismatch: the state has other tensors. The state is untouched.
    /// </exception>
    public Restored Restore(IRankState state, ChainView plan, Rank rank, CancellationToken ct)
    {
        var started = clock.GetTimestamp();
        using var chain = PlannedChain.Open(tier, plan, rank, ReadIntent.Use);
        RequireSameLayout(state.Layout, chain.Shards.Top.Tensors, plan.Checkpoint, rank);
        if (chain.Shards.IsFused && state.Layout.Count > 0 && state.TryWritable(0, 0, 0, out _)) DecodeInto(chain, state, ct);
        else
        {
            using var decoded = Decode(chain, ct);
            Copy(decoded, state, ct);
        }

        return new Restored(plan.Checkpoint, chain.Shards.Top.RawBytes, chain.ReadBytes, clock.GetElapsedTime(started));
    }

    /// <summary>The rank's bytes of a checkpoint in memory, every chunk checked, ready to be a base.</summary>
    /// <exception cref="ShardDamagedException">A shard of the chain is not what was recorded.</exception>
    public DecodedShard Load(ChainView plan, Rank rank, CancellationToken ct)
    {
        using var chain = PlannedChain.Open(tier, plan, rank, ReadIntent.Use);
        return Decode(chain, ct);
    }

    /// <summary>Straight into the state's memory: first every stored byte is read and its digest checked, then it is decoded.</summary>
    static void DecodeInto(PlannedChain chain, IRankState state, CancellationToken ct)
    {
        try
        {
            ShardLoader.CheckStored(chain.Shards, ct);
            ShardLoader.Load(chain.Shards, new StateMemory(state), ct, state.IsParallel ? 0 : 1, isChecked: true);
        }
        catch (ShardFormatException e)
        {
            throw chain.Blame(e);
        }
    }

    static DecodedShard Decode(PlannedChain chain, CancellationToken ct)
    {
        try
        {
            return DecodedShard.Load(chain.Shards, ct);
        }
        catch (ShardFormatException e)
        {
            throw chain.Blame(e);
        }
    }

    static void Copy(DecodedShard decoded, IRankState state, CancellationToken ct)
    {
        var pieces = new List<(int Tensor, long Offset, int Length)>();
        for (var tensor = 0; tensor < decoded.Tensors.Count; tensor++)
        {
            var bytes = decoded.Tensors[tensor].Bytes;
            for (var offset = 0L; offset < bytes; offset += CopyBytes)
                pieces.Add((tensor, offset, (int)Math.Min(CopyBytes, bytes - offset)));
        }

        Crew.Share(
            pieces, state.IsParallel ? Crew.SizeOf(0) : 1,
            piece => state.Write(piece.Tensor, piece.Offset, decoded.Writable(piece.Tensor, piece.Offset, piece.Length)), ct);
    }

    static void RequireSameLayout(IReadOnlyList<TensorSpec> state, IReadOnlyList<TensorSpec> stored, CheckpointId checkpoint, Rank rank)
    {
        var difference = state.Count != stored.Count
            ? $"the state has {state.Count:N0} tensors, the shard {stored.Count:N0}"
            : Enumerable.Range(0, state.Count).Where(i => !Same(state[i], stored[i]))
                .Select(i => $"tensor {i} is {Text(state[i])} in the state and {Text(stored[i])} in the shard").FirstOrDefault();
        if (difference is null) return;
        throw new LineageProblemException(Problem.Of(
            ProblemCodes.LayoutMismatch, 409, "Other layout",
            $"Checkpoint {checkpoint} does not fit into rank {rank}: {difference}. Nothing was restored. " +
            "Start with the model, optimizer and world size that the checkpoint was written with."));
    }

    static bool Same(TensorSpec a, TensorSpec b) => a.Name == b.Name && a.Dtype == b.Dtype && a.Role == b.Role
        && a.GlobalShape.SequenceEqual(b.GlobalShape) && a.Offsets.SequenceEqual(b.Offsets) && a.Sizes.SequenceEqual(b.Sizes);

    static string Text(TensorSpec t) =>
        $"{t.Name} {t.Dtype} [{string.Join(',', t.Sizes)}] at [{string.Join(',', t.Offsets)}] of [{string.Join(',', t.GlobalShape)}]";
}
