using System.Diagnostics.CodeAnalysis;
using Lineage.Agents.Codec;
using Lineage.Agents.Shards;
using Lineage.Contracts.Format;
using Lineage.Tests.Property.Saving;
using Xunit.Abstractions;

namespace Lineage.Tests.Property.Shards;

/// <summary>What the process allocates is counted, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>Saves and loads take a constant per worker, whatever the state's size (docs of <see cref="ShardWriter"/> and
/// <see cref="ShardLoader"/>), and what they took is used again.</summary>
[Collection(nameof(Alone))]
[SuppressMessage("Maintainability", "CA1515", Justification = "xUnit wants it public")]
public sealed class MemoryBoundTests(ITestOutputHelper output)
{
    const int Workers = 2, Small = 64, Large = 192;

    /// <summary>Beside the index: an entry of 72 bytes a chunk, held twice while it is written, and what is noted of each chunk.</summary>
    const int BytesPerChunk = 2_000;

    /// <summary>A chunk for each thread of the load's target, tasks, and what the runtime does beside.</summary>
    const int Fixed = 2 << 20;

    static readonly byte[][] Blocks = [.. Enumerable.Range(0, 4).Select(
        static seed => MadeUpTensor.Weights(ShardLimits.ChunkElementsDefault, seed))];

    [Fact]
    public void Saves_and_loads_take_a_constant_per_worker_whatever_the_size()
    {
        using var directory = new TempDirectory();
        var path = Path.Combine(directory.Path, "x.shard");
        foreach (var mebibytes in (ReadOnlySpan<int>)[Small, Small, Large, Small])
        {
            var isWarm = File.Exists(path);
            var chunks = mebibytes * 4;
            var save = Measured(peak => Save(path, chunks, peak));
            var load = Measured(peak => Load(path, peak));
            output.WriteLine($"{mebibytes} MiB: save {save}, load {load}");
            Assert.InRange(save.PeakNative - save.NativeBefore, 0, Workers * ShardWriter.WorkerBytesMax);
            Assert.InRange(load.PeakNative - load.NativeBefore, 0, Workers * ShardLoader.WorkerBytesMax);
            Assert.InRange(save.Managed, 0, Workers * ShardWriter.WorkerBytesMax);
            if (!isWarm) continue;
            Assert.InRange(save.Managed, 0, Fixed + (BytesPerChunk * chunks));
            Assert.InRange(load.Managed, 0, Fixed + (BytesPerChunk * chunks));
        }
    }

    static void Save(string path, int chunks, Action peak)
    {
        var spec = MadeUpTensor.Spec(TensorDtype.F32, (long)chunks * ShardLimits.ChunkElementsDefault);
        var state = new MadeUpTensor(spec, ShardLimits.ChunkElementsDefault, Blocks, static ordinal => (int)(ordinal % 4))
        {
            OnRead = _ => peak(),
        };
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        ShardWriter.Write(
            file, Stored.Identity(state.Tensors, 1), state, baseState: null, CodecPreset.Default, CancellationToken.None,
            parallel: Workers);
    }

    static void Load(string path, Action peak)
    {
        using var chain = ShardChain.Open([path]);
        ShardLoader.Load(chain, new Nowhere(chain.Top.Tensors) { OnWritable = peak }, CancellationToken.None, Workers);
    }

    static Figures Measured(Action<Action> work)
    {
        var (native, peak, before) = (NativeBytes.LiveBytes, 0L, GC.GetTotalAllocatedBytes(precise: true));
        work(() =>
        {
            for (var seen = Interlocked.Read(ref peak); NativeBytes.LiveBytes is var live && live > seen;)
                if (Interlocked.CompareExchange(ref peak, live, seen) is var other && other == seen) break;
                else seen = other;
        });
        return new Figures(GC.GetTotalAllocatedBytes(precise: true) - before, peak, native);
    }

    /// <param name="PeakNative">Of the whole process, idle buffers of the pools included.</param>
    sealed record Figures(long Managed, long PeakNative, long NativeBefore)
    {
        public override string ToString() =>
            $"{Managed / 1024.0:N0} KiB managed, {PeakNative / 1048576.0:N1} MiB native at most ({NativeBefore / 1048576.0:N1} before)";
    }
}
