using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Lineage.Contracts.Identity;
using static TorchSharp.torch;

namespace Lineage.Agents.Training;

/// <summary>What every rank of a run must have in common for equal bits.</summary>
/// <param name="Seed">Fixes initial weights, sample order and every rank's random generator.</param>
/// <param name="BatchPerRank">Samples per rank and step.</param>
public sealed record TrainerSettings(TransformerShape Shape, AdamWSettings Optimizer, long Seed = 1, int BatchPerRank = 8)
{
    public static TrainerSettings Default { get; } = new(new TransformerShape(), new AdamWSettings());

    /// <summary>Null if one can train so; otherwise what is wrong with which field.</summary>
    public string? Objection() => BatchPerRank is < 1 or > 65_536
        ? $"the batch per rank is {BatchPerRank}; allowed are 1-65,536 samples."
        : Shape.Objection();
}

/// <summary>What came of a step.</summary>
/// <param name="Loss">Mean over all ranks, before the update; the same bits on every rank.</param>
/// <param name="Stop">Some rank asked to stop: every rank stops after this step.</param>
public sealed record StepOutcome(Step Step, double Loss, bool Stop);

/// <summary>The restored state does not fit this trainer. Nothing was trained on it.</summary>
public sealed class StateMismatchException(string message) : Exception(message)
{
    /// <summary>Stable code of this error.</summary>
    public const string Code = "state-mismatch";
}

/// <summary>
/// One rank of data-parallel training. A step: gradients of the own batch → each owner receives its rows from all ranks and adds them in
/// rank order 0..N-1 (so bits do not depend on who was first) → the owner updates its rows → all ranks gather all rows.
/// A crash within a step loses the step and nothing else: state leaves this process only by a capture between two steps.
/// </summary>
public sealed class Trainer : IDisposable
{
    /// <summary>Ranks restore at different speeds; a dead one is noticed at once all the same, because its connection breaks.</summary>
    static readonly TimeSpan RestorePatience = TimeSpan.FromMinutes(10);

    readonly TrainerSettings settings;
    readonly Corpus corpus;
    readonly RankMesh mesh;
    readonly Transformer model;
    readonly ShardedAdamW optimizer;
    readonly OwnedRows[] owners;
    readonly byte[][] toOwners, fromRanks, gathered, outgoingRows, lossOut, lossIn;
    DataCursor cursor;

    /// <summary>Samples that all ranks together have drawn since the run began.</summary>
    public long ConsumedByAll => checked(cursor.Consumed * cursor.WorldSize.Value);


    public Trainer(TrainerSettings settings, Corpus corpus, RankMesh mesh)
    {
        if (settings.Objection() is { } objection)
            throw new ArgumentException($"The trainer cannot be built: {objection}", nameof(settings));
        (this.settings, this.corpus, this.mesh) = (settings, corpus, mesh);
        set_num_threads(1);                     // one thread adds in one order
        var parameters = settings.Shape.Parameters();
        var world = mesh.WorldSize.Value;
        owners = [.. Enumerable.Range(0, world).Select(q => OwnedRows.Of(parameters, q, world))];
        model = new Transformer(settings.Shape, settings.Seed);
        optimizer = new ShardedAdamW(settings.Optimizer, parameters, Own);
        Pack(Own, model.Weights, optimizer.Weights.bytes);
        random.manual_seed(unchecked((long)SampleOrder.Mix((ulong)settings.Seed, (ulong)mesh.Rank.Value) & long.MaxValue));
        cursor = new DataCursor(settings.Seed, corpus.Samples(settings.Shape.Context), mesh.Rank, mesh.WorldSize, Consumed: 0);
        State = new TrainerState(parameters, Own, mesh.WorldSize, optimizer);
        toOwners = [.. owners.Select(o => new byte[o.Bytes])];
        gathered = [.. owners.Select(o => new byte[o.Bytes])];
        fromRanks = [.. owners.Select(_ => new byte[Own.Bytes])];
        outgoingRows = [.. owners.Select(_ => gathered[mesh.Rank.Value])];
        lossIn = [.. owners.Select(_ => new byte[LossBytes])];
        lossOut = [.. owners.Select(_ => lossIn[mesh.Rank.Value])];
        RefreshState(step: 0);
    }

    const int LossBytes = 16;

    OwnedRows Own => owners[mesh.Rank.Value];

    /// <summary>The state between two steps.</summary>
    public TrainerState State { get; }

    /// <summary>Steps done.</summary>
    public Step Step { get; private set; }

    /// <param name="askToStop">This rank wants all ranks to stop after this step.</param>
    /// <exception cref="PeerLostException">A peer is gone; the state is torn and must not be captured.</exception>
    public async Task<StepOutcome> StepAsync(bool askToStop, CancellationToken ct)
    {
        var (loss, gradients) = model.LossAndGradients(NextBatch());
        foreach (var owner in owners) Pack(owner, gradients, toOwners[owner.Rank]);
        foreach (var gradient in gradients) gradient.Dispose();
        await mesh.ExchangeAsync(toOwners, fromRanks, patience: null, ct);
        Reduce();
        optimizer.Apply(Step.Value + 1);
        await GatherAsync(patience: null, ct);
        var (mean, stop) = await MeanLossAsync(loss, askToStop, ct);
        Step = new Step(Step.Value + 1);
        RefreshState(Step.Value);
        return new StepOutcome(Step, mean, stop);
    }

    /// <summary>Makes what was written into the state take effect: generator, cursor, step, and whole weights from all ranks.</summary>
    /// <exception cref="StateMismatchException">The cursor is of another corpus or seed.</exception>
    public async Task AfterRestoreAsync(CancellationToken ct)
    {
        var words = MemoryMarshal.Cast<byte, long>(State.Cursor).ToArray();
        var fingerprint = unchecked((long)corpus.Fingerprint);
        if (words[1] != cursor.Samples || words[2] != cursor.Seed || words[3] != fingerprint)
        {
            throw new StateMismatchException(
                $"The restored data cursor is of {words[1]:N0} samples (fingerprint {words[3]:x16}, seed {words[2]}); this rank reads " +
                $"{cursor.Samples:N0} samples (fingerprint {fingerprint:x16}, seed {cursor.Seed}) from {corpus.Source}. " +
                "Nothing was trained. Start with the corpus, context and seed of the run. [state-mismatch]");
        }

        cursor = cursor with { Consumed = words[0] };
        Step = new Step(BinaryPrimitives.ReadInt64LittleEndian(State.Step));
        using (var generator = empty(TrainerState.RandomStateBytes, dtype: ScalarType.Byte))
        {
            State.Random.CopyTo(generator.bytes);
            random.set_rng_state(generator);
        }

        await GatherAsync(RestorePatience, ct);
    }

    byte[] NextBatch()
    {
        var length = settings.Shape.Context + 1;
        var batch = new byte[settings.BatchPerRank * length];
        for (var i = 0; i < settings.BatchPerRank; i++)
        {
            (var sample, cursor) = cursor.Draw();
            corpus.Sample(sample, settings.Shape.Context).CopyTo(batch.AsSpan(i * length));
        }

        return batch;
    }

    static void Pack(OwnedRows owner, IReadOnlyList<Tensor> whole, Span<byte> packed)
    {
        foreach (var piece in owner.Pieces)
            whole[piece.Parameter].bytes.Slice(piece.SourceByte, piece.Bytes).CopyTo(packed[piece.PackedByte..]);
    }

    /// <summary>Sum in rank order, then the mean. The order is the point: addition of floats is not associative.</summary>
    void Reduce()
    {
        var sum = MemoryMarshal.Cast<byte, float>(optimizer.Gradients.bytes);
        for (var rank = 0; rank < owners.Length; rank++)
        {
            var part = MemoryMarshal.Cast<byte, float>(rank == mesh.Rank.Value ? toOwners[rank] : fromRanks[rank]);
            if (rank == 0) part.CopyTo(sum);
            else FloatSums.AddTo(sum, part);
        }

        FloatSums.DivideBy(sum, owners.Length);
    }

    async Task GatherAsync(TimeSpan? patience, CancellationToken ct)
    {
        optimizer.Weights.bytes.CopyTo(gathered[mesh.Rank.Value]);
        await mesh.ExchangeAsync(outgoingRows, gathered, patience, ct);
        foreach (var owner in owners)
            foreach (var piece in owner.Pieces)
                gathered[owner.Rank].AsSpan(piece.PackedByte, piece.Bytes).CopyTo(model.Weights[piece.Parameter].bytes[piece.SourceByte..]);
    }

    async Task<(double Mean, bool Stop)> MeanLossAsync(double loss, bool askToStop, CancellationToken ct)
    {
        var own = lossIn[mesh.Rank.Value];
        BinaryPrimitives.WriteDoubleLittleEndian(own, loss);
        BinaryPrimitives.WriteInt64LittleEndian(own.AsSpan(8), askToStop ? 1 : 0);
        await mesh.ExchangeAsync(lossOut, lossIn, patience: null, ct);
        var sum = 0.0;
        var stop = false;
        foreach (var part in lossIn)            // rank order
        {
            sum += BinaryPrimitives.ReadDoubleLittleEndian(part);
            stop |= BinaryPrimitives.ReadInt64LittleEndian(part.AsSpan(8)) != 0;
        }

        return (sum / owners.Length, stop);
    }

    void RefreshState(long step)
    {
        BinaryPrimitives.WriteInt64LittleEndian(State.Step, step);
        using (var generator = random.get_rng_state()) generator.bytes.CopyTo(State.Random);
        var words = MemoryMarshal.Cast<byte, long>(State.Cursor.AsSpan());
        (words[0], words[1], words[2], words[3]) = (cursor.Consumed, cursor.Samples, cursor.Seed, unchecked((long)corpus.Fingerprint));
    }

    public void Dispose()
    {
        model.Dispose();
        optimizer.Dispose();
    }
}
