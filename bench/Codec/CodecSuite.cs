using System.IO.Hashing;
using System.Security.Cryptography;
using Lineage.Agents.Codec;
using Lineage.Bench.Measuring;
using Lineage.Bench.Reporting;
using Lineage.Bench.Traces;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Bench.Codec;

/// <summary>
/// Every trace through our shard and through its rivals, in the same process, on the very same bytes, one after the other in each round.
/// Speeds are raw bytes per second of processor time: what one core does, however busy its neighbours are.
/// </summary>
sealed class CodecSuite(BenchOptions options, Output output)
{
    readonly List<CodecRow> rows = [];
    readonly List<(string Name, double Speed)> roofline = [];
    readonly List<SymbolRow> symbols = [];

    /// <returns>True if everything decoded to the very bytes that were encoded.</returns>
    public bool Run()
    {
        var folder = Directory.CreateTempSubdirectory("lineage-bench-").FullName;
        try
        {
            var program = ZstdProgram.Objection();
            if (program is not null) Output.Narrate($"skipped: the zstd program. {program}");
            if (options.Scale != Scale.Smoke) Warm();
            foreach (var trace in Traces())
            {
                if (!Wanted(trace.Name)) continue;
                Output.Narrate($"{trace.Name}, {trace.ShardKind}, {trace.State.RawBytes / 1e6:N1} MB");
                if (roofline.Count == 0) MeasureRoofline(trace.State);
                using (var entries = new Entries([.. CodecsFor(trace, program is null ? folder : null).Select(static c => new Entry(c))]))
                    Measure(trace, entries.All);
                // Buffers as large as the state would pile up for as long as the machine has memory left.
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        Output.Narrate($"at most {PeakMemory.OfProcess() / 1e6:N0} MB of memory were in use");
        CodecReport.Write(output, rows, roofline, symbols);
        foreach (var row in rows.Where(static row => !row.Verified))
            Output.Narrate($"NOT VERIFIED: {row.Codec} on {row.Trace}, {row.Kind}");
        return rows.TrueForAll(static row => row.Verified) && symbols.TrueForAll(static row => row.Verified);
    }

    bool Wanted(string trace) => options.Only is not { } only || trace.Contains(only, StringComparison.OrdinalIgnoreCase);

    IEnumerable<Trace> Traces() => AdamGrid.Of(options.Size, Wanted, Output.Narrate)
        .Concat(Wanted(FrozenBackbone.Name) ? FrozenBackbone.Of(options.Size) : [])
        .Concat(TrainerDumps.Of(options.Size, Wanted, Output.Narrate))
        .Concat(Adversarial.Of(options.Size));

    IEnumerable<IStateCodec> CodecsFor(Trace trace, string? folder)
    {
        yield return new CopyCodec();
        yield return new OurCodec(CodecPreset.Default);
        if (WithPresets(trace.Name))
        {
            yield return new OurCodec(CodecPreset.Fast);
            yield return new OurCodec(CodecPreset.High);
        }

        yield return new PlanesCodec(xor: false);
        if (trace.Base is not null) yield return new PlanesCodec(xor: true);
        yield return new ZstdCodec(1);
        yield return new ZstdCodec(3);
        if (folder is null) yield break;
        yield return new ZstdProgram(1, folder);
        if (options.Scale != Scale.Smoke) yield return new ZstdProgram(3, folder);
    }

    static bool WithPresets(string trace) => trace == AdamGrid.Full(3e-4f) || trace == AdamGrid.Step(3e-4f, 10)
        || trace == AdamGrid.Weights(3e-6f, 1);

    void Measure(Trace trace, IReadOnlyList<Entry> entries)
    {
        var digest = trace.State.Digest();
        using var destination = new MemoryTensors(trace.State.Tensors);
        foreach (var entry in entries) entry.Verified = Check(entry.Codec, trace, destination, digest);
        for (var round = 0; round < options.Runs; round++)
        {
            foreach (var entry in entries)
            {
                // Who ignores the base repeats what it does with a full state; once is enough to print its figures beside ours.
                if (!entry.Verified || (round > 0 && trace.Base is not null && !entry.Codec.UsesBase)) continue;
                entry.Encode.Add(entry.Codec.Lap(() => entry.Codec.Encode(trace.State, trace.Base)));
                entry.Decode.Add(entry.Codec.Lap(() => entry.Codec.Decode(destination, trace.Base)));
            }
        }

        foreach (var entry in entries) Add(trace, entry);
        AddYardstick(trace);
    }

    /// <summary>The untimed first run: warms up, and proves that what comes out is what went in.</summary>
    static bool Check(IStateCodec codec, Trace trace, MemoryTensors destination, ContentHash digest)
    {
        try
        {
            destination.Erase();
            (codec as ZstdProgram)?.Prepare(trace.State);
            codec.Encode(trace.State, trace.Base);
            codec.Decode(destination, trace.Base);
            (codec as ZstdProgram)?.Collect(destination);
            (codec as OurCodec)?.Account();
            return destination.Digest() == digest;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Whatever breaks a codec is a result; the others still have theirs.
            Output.Narrate($"{codec.Name} failed on {trace.Name}, {trace.ShardKind}: {e.GetType().Name}: {e.Message}");
            return false;
        }
    }

    void Add(Trace trace, Entry entry)
    {
        var codec = entry.Codec;
        var stored = entry.Verified ? codec.StoredBytes : 0;
        var bits = !entry.Verified || codec.StoredOf(0) < 0
            ? new Dictionary<string, double>(StringComparer.Ordinal)
            : TensorClass.Bits(trace.State, tensor => 8.0 * codec.StoredOf(tensor));
        var row = new CodecRow(
            trace.Name, trace.ShardKind, trace.Kind, codec.Name, trace.State.RawBytes, stored, trace.Parameters,
            new Timing(entry.Encode), new Timing(entry.Decode), entry.Verified, bits);
        rows.Add(row);
        output.Line(
            ("trace", row.Trace), ("kind", row.Kind), ("rival", row.Codec), ("raw_bytes", row.RawBytes), ("stored_bytes", row.StoredBytes),
            ("ratio", row.Ratio), ("bits_per_param", row.BitsPerParameter), ("encode_gbps_core", row.EncodeSpeed),
            ("decode_gbps_core", row.DecodeSpeed), ("encode_gbps_wall", row.Encode.Gigabytes(row.RawBytes)),
            ("decode_gbps_wall", row.Decode.Gigabytes(row.RawBytes)), ("verified", row.Verified));
        foreach (var (name, value) in bits) ClassLine(trace, codec.Name, name, value);
    }

    void AddYardstick(Trace trace)
    {
        if (trace.Kind == TraceKind.Adversarial) return;
        var bits = TensorClass.Bits(trace.State, tensor => OrderZero.Bits(
            trace.State, trace.Base, tensor, TensorDtypes.Bits(trace.State.Tensors[tensor].Dtype) / 8));
        var none = new Timing([]);
        rows.Add(new CodecRow(
            trace.Name, trace.ShardKind, trace.Kind, OrderZero.Name, trace.State.RawBytes, 0, trace.Parameters, none, none, true, bits));
        foreach (var (name, value) in bits) ClassLine(trace, OrderZero.Name, name, value);
    }

    void ClassLine(Trace trace, string codec, string name, double bits) => output.Line(
        ("trace", trace.Name), ("kind", trace.ShardKind), ("rival", codec), ("class", name), ("bits_per_element", bits));

    void MeasureRoofline(MemoryTensors state)
    {
        var sink = new byte[state.Tensors.Max(static tensor => (int)tensor.Bytes)];
        Span(("memcpy", tensor => state.Bytes(tensor).CopyTo(sink)));
        Span(("XxHash3", tensor => XxHash3.HashToUInt64(state.Bytes(tensor))));
        Span(("SHA-256", tensor => SHA256.HashData(state.Bytes(tensor), sink)));
        Line("SHA-256 of sixteen chunks at once", SymbolStage.DigestSpeed(state, options.Runs));
        foreach (var row in SymbolStage.Measure(state, options.Runs))
        {
            symbols.Add(row);
            output.Line(
                ("stage", "symbols of fp32 weights"), ("rival", row.Coder), ("bits_per_symbol", row.BitsPerSymbol),
                ("encode_gbps_core", row.EncodeSpeed), ("decode_gbps_core", row.DecodeSpeed), ("verified", row.Verified));
        }

        void Span((string Name, Action<int> Work) one)
        {
            void All()
            {
                for (var tensor = 0; tensor < state.Tensors.Count; tensor++) one.Work(tensor);
            }

            All();
            var speed = Timing.Of(Math.Max(3, options.Runs), Lap.Of, All).GigabytesPerCore(state.RawBytes);
            Line(one.Name, speed);
        }

        void Line(string name, double speed)
        {
            roofline.Add((name, speed));
            output.Line(("roofline", name), ("gbps_core", speed));
        }
    }

    /// <summary>Until the just-in-time compiler has seen every hot loop often enough, all codecs look slower than they are.</summary>
    void Warm()
    {
        Output.Narrate("warming up");
        var states = AdamGrid.States(1, TraceSize.Quick.Side, new AdamSettings(3e-4f, 0.95f, 1), [10]);
        using var destination = new MemoryTensors(states[0].Tensors);
        var trace = new Trace(AdamGrid.Full(3e-4f), states[1], states[0], TraceKind.Generated);
        using var entries = new Entries([.. CodecsFor(trace, folder: null).Select(static codec => new Entry(codec))]);
        for (var round = 0; round < 20; round++)
        {
            foreach (var codec in entries.All.Select(static entry => entry.Codec))
            {
                codec.Encode(states[1], round % 2 == 0 ? null : states[0]);
                codec.Decode(destination, round % 2 == 0 ? null : states[0]);
            }
        }

        foreach (var state in states) state.Dispose();
    }

    sealed class Entry(IStateCodec codec)
    {
        public IStateCodec Codec { get; } = codec;

        public bool Verified { get; set; }

        public List<Lap> Encode { get; } = [];

        public List<Lap> Decode { get; } = [];
    }

    sealed class Entries(IReadOnlyList<Entry> all) : IDisposable
    {
        public IReadOnlyList<Entry> All { get; } = all;

        public void Dispose()
        {
            foreach (var entry in All) entry.Codec.Dispose();
        }
    }
}
