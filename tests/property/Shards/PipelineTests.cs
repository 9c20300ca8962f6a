using Lineage.Agents.Codec;
using Lineage.Agents.Shards;
using Lineage.Contracts.Format;

namespace Lineage.Tests.Property.Shards;

/// <summary>Several workers, one of which fails or is told to stop: what stopped them is what the caller sees, nothing is written after
/// it, and the next save is as good as any.</summary>
public sealed class PipelineTests
{
    const int ChunkElements = 64, Groups = 10;

    /// <summary>Header, groups, index, footer.</summary>
    const int Writes = Groups + 3;

    static readonly TensorSpec Spec = MadeUpTensor.Spec(TensorDtype.F32, Groups * GroupPlan.ChunksMax * ChunkElements);
    static readonly byte[][] Blocks = [MadeUpTensor.Weights(ChunkElements, 1), MadeUpTensor.Weights(ChunkElements, 2)];
    static readonly byte[] Good = Save(new Sink(), State()).ToArray();

    public static TheoryData<int> Workers => new(1, 2, 3, 8);

    [Theory, MemberData(nameof(Workers))]
    public void A_stream_that_fails_at_any_write_is_what_the_caller_sees(int workers)
    {
        for (var at = 0; at < Writes; at++)
        {
            var failure = new IOException("No space left on device");
            var sink = new Sink { OnWrite = (sink, write) => { if (write == at) throw failure; } };
            Assert.Same(failure, Assert.Throws<IOException>(() => Save(sink, State(), workers)));
            IsPrefix(sink, writes: at);
        }

        Assert.Equal(Good, Save(new Sink(), State(), workers).ToArray());
    }

    [Theory, MemberData(nameof(Workers))]
    public void A_state_that_fails_at_any_group_is_what_the_caller_sees(int workers)
    {
        for (var group = 0; group < Groups; group++)
        {
            var failure = new InvalidDataException("the memory went away");
            var last = ((group + 1) * GroupPlan.ChunksMax) - 1;
            var (sink, state) = (new Sink(), State(ordinal => { if (ordinal == last) throw failure; }));
            Assert.Same(failure, Assert.Throws<InvalidDataException>(() => Save(sink, state, workers)));
            Assert.InRange(sink.Writes, 1, group + 1);
            IsPrefix(sink, sink.Writes);
        }

        Assert.Equal(Good, Save(new Sink(), State(), workers).ToArray());
    }

    [Theory, MemberData(nameof(Workers))]
    public void A_save_that_is_cancelled_ends_with_what_is_under_way(int workers)
    {
        for (var at = 0; at <= Groups - workers; at++)
        {
            using var source = new CancellationTokenSource();
            var sink = new Sink { OnWrite = (_, write) => { if (write == at) source.Cancel(); } };
            var thrown = Assert.ThrowsAny<OperationCanceledException>(() => Save(sink, State(), workers, source.Token));
            Assert.Equal(source.Token, thrown.CancellationToken);
            Assert.InRange(sink.Writes, at + 1, at + workers);   // the others may have had their next group encoded
            IsPrefix(sink, sink.Writes);
        }
    }

    [Theory, MemberData(nameof(Workers))]
    public void A_load_that_is_cancelled_ends_with_the_group_that_is_under_way(int workers)
    {
        using var chain = ShardChain.Of([Stored.Open(Good)]);
        for (var at = 1; at <= (Groups - workers) * GroupPlan.ChunksMax; at += 37)
        {
            using var source = new CancellationTokenSource();
            var chunks = 0;
            var target = new Nowhere(chain.Top.Tensors)
            {
                OnWritable = () => { if (Interlocked.Increment(ref chunks) == at) source.Cancel(); },
            };
            var thrown =
                Assert.ThrowsAny<OperationCanceledException>(() => ShardLoader.Load(chain, target, source.Token, workers));
            Assert.Equal(source.Token, thrown.CancellationToken);
            Assert.InRange(chunks, at, at + (workers * GroupPlan.ChunksMax));
        }
    }

    [Theory, MemberData(nameof(Workers))]
    public void A_target_that_fails_is_what_the_caller_sees(int workers)
    {
        using var chain = ShardChain.Of([Stored.Open(Good)]);
        var failure = new InvalidDataException("the memory went away");
        var target = new Nowhere(chain.Top.Tensors) { OnWritable = () => throw failure };
        Assert.Same(failure, Assert.Throws<InvalidDataException>(() => ShardLoader.Load(chain, target, CancellationToken.None, workers)));
    }

    static MadeUpTensor State(Action<long>? onRead = null) =>
        new(Spec, ChunkElements, Blocks, static ordinal => (int)(ordinal % 7 % 2)) { OnRead = onRead ?? (static _ => { }) };

    static Sink Save(Sink sink, MadeUpTensor state, int workers = 1, CancellationToken ct = default)
    {
        ShardWriter.Write(sink, Stored.Identity(state.Tensors, 1), state, baseState: null, CodecPreset.Fast, ct, ChunkElements, workers);
        return sink;
    }

    /// <summary>What arrived is how a good shard begins, write by write.</summary>
    static void IsPrefix(Sink sink, int writes)
    {
        Assert.Equal(writes, sink.Writes);
        Assert.True(Good.AsSpan().StartsWith(sink.ToArray()));
    }

    /// <summary>Counts the writes that succeeded, and does not forgive one after a failure.</summary>
    sealed class Sink : MemoryStream
    {
        bool failed;

        public int Writes { get; private set; }

        public Action<Sink, int> OnWrite { get; init; } = static (_, _) => { };

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Assert.False(failed, "a write after the one that failed");
            failed = true;
            OnWrite(this, Writes);
            failed = false;
            base.Write(buffer);
            Writes++;
        }
    }
}
