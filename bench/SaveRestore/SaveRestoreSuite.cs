using System.Globalization;
using System.Text.Json.Nodes;
using Lineage.Bench.Measuring;
using Lineage.Bench.Reporting;
using Lineage.Bench.Traces;
using Lineage.Contracts.Identity;

namespace Lineage.Bench.SaveRestore;

/// <summary>
/// What a training run feels: how long it stands still, when a save is safe, how long a restore takes, against what people write today
/// with PyTorch. Rounds alternate between all of them, because disks and neighbours change their mood. Times are wall time, with as many
/// cores as each one takes by itself.
/// </summary>
sealed class SaveRestoreSuite(BenchOptions options, Output output)
{
    const string Stall = "stall", Durable = "durable", Restore = "restore", Cold = "restore, cold cache", Limit = "limit";
    const string Full = "lineage full", Incremental = "lineage incremental", Chain = "lineage full + incremental";
    const string Sync = "torch.save + fsync", Clone = "torch clone, save in a thread", Load = "torch.load", LoadInto = "torch.load + copy_";

    /// <summary>Matrices that are generated; larger states repeat them, which no codec here can profit by.</summary>
    const int DistinctMax = 36;

    static readonly string[] Order = [Stall, Durable, Restore, Cold, Limit];

    static readonly Dictionary<string, string> Reference =
        new(StringComparer.Ordinal) { [Stall] = Sync, [Durable] = Sync, [Restore] = Load, [Cold] = Load };

    readonly Samples samples = new();
    readonly Table memory = new("peak memory above the state", ">MB", ">of the state");

    /// <returns>True if everything restored to the very bytes that were saved.</returns>
    public async Task<bool> RunAsync()
    {
        var folder = Directory.CreateDirectory(Path.Combine("artifacts", "bench", "save-restore")).FullName;
        var states = States();
        try
        {
            using MemoryTensors state = states[0], later = states[1], live = new(states[0].Tensors);
            Output.Narrate($"{state.RawBytes / 1e6:N0} MB of state in {state.Tensors.Count:N0} tensors, saved below artifacts/bench");
            using var torch = TorchProgram.Start(state, folder, Output.Narrate);
            using var ours = new OurSaves(folder);
            var rounds = new Rounds(state, later, live, ours, torch, folder);
            await WarmAsync(rounds);
            await WarmCompilerAsync(rounds);
            for (var round = 1; round <= Count; round++)
            {
                Output.Narrate($"round {round} of {Count}");
                await RoundAsync(rounds);
            }

            Report(state.RawBytes, torch?.Version);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return samples.Verified;
    }

    int Count => options.Scale == Scale.Smoke ? 1 : 5;

    MemoryTensors[] States()
    {
        var matrices = options.Scale switch { Scale.Full => 144, Scale.Quick => 9, _ => 1 };
        var settings = new AdamSettings(3e-4f, 0.95f, 0x5EA4);
        Output.Narrate("generating two states, ten steps apart");
        if (matrices <= DistinctMax) return AdamGrid.States(matrices, options.Size.Side, settings, [10]);
        var some = AdamGrid.States(DistinctMax, options.Size.Side, settings, [10]);
        MemoryTensors[] all = [.. some.Select(state => state.Repeat(matrices / DistinctMax))];
        foreach (var state in some) state.Dispose();
        return all;
    }

    /// <summary>The first save and restore of a process: not timed, but they show what memory is needed.</summary>
    async Task WarmAsync(Rounds r)
    {
        Output.Narrate("warming up");
        SavedCheckpoint? full = null, incremental = null;
        Peak(Full + " save", r, await PeakMemory.OfAsync(async () => full = await r.Ours.SaveAsync(r.State, below: null)));
        Peak(
            Incremental + " save, its base kept", r,
            await PeakMemory.OfAsync(async () => incremental = await r.Ours.SaveAsync(r.Later, full)));
        Peak(Full + " restore", r, await PeakMemory.OfAsync(() => Task.Run(() => r.Ours.Restore(r.Live, full!))));
        r.Ours.Delete(incremental!);
        r.Ours.Delete(full!);
        if (r.Torch is null) return;
        Peak(Sync, r, (double)r.Torch.Do("save", r.Kept, peak: true)["peak"]!);
        Peak(Clone, r, (double)r.Torch.Do("clone", r.Written, peak: true)["peak"]!);
        Peak(Load, r, (double)r.Torch.Do("load", r.Kept, peak: true)["peak"]!);
    }

    /// <summary>A small state passes the hot loops too seldom in one save for the just-in-time compiler to finish with them.</summary>
    async Task WarmCompilerAsync(Rounds r)
    {
        for (var i = 0; i < (options.Scale == Scale.Quick ? 6 : 0); i++)
        {
            var full = await r.Ours.SaveAsync(r.State, below: null);
            var incremental = await r.Ours.SaveAsync(r.Later, full);
            r.Ours.Restore(r.Live, full, incremental);
            r.Ours.Delete(incremental);
            r.Ours.Delete(full);
        }
    }

    async Task RoundAsync(Rounds r)
    {
        var full = await r.Ours.SaveAsync(r.State, below: null);
        TorchSave(r);
        var incremental = await r.Ours.SaveAsync(r.Later, full);
        TorchClone(r);

        var wrote = OurRestore(r, Restore, Full, r.Digest, full);
        TorchLoad(r, "load", Restore, Load);
        var wroteLater = OurRestore(r, Restore, Chain, r.LaterDigest, full, incremental);
        TorchLoad(r, "load_into", Restore, LoadInto);
        r.Ours.Forget(full);
        OurRestore(r, Cold, Full, r.Digest, full);
        TorchLoad(r, "load_cold", Cold, Load);

        AddSave(Full, full, wrote);
        AddSave(Incremental, incremental, wroteLater);

        Limits(r, full);
        r.Ours.Delete(incremental);
        r.Ours.Delete(full);
    }

    void AddSave(string name, SavedCheckpoint saved, bool verified)
    {
        samples.Add(Stall, name, saved.Stall, saved.Captured.RawBytes, verified);
        samples.Add(Durable, name, saved.Durable, saved.Captured.RawBytes, verified);
    }

    bool OurRestore(Rounds r, string what, string name, ContentHash expected, params SavedCheckpoint[] chain)
    {
        r.Live.Erase();
        var lap = Lap.Of(() => r.Ours.Restore(r.Live, chain));
        var verified = r.Live.Digest() == expected;
        samples.Add(what, name, lap, r.State.RawBytes, verified);
        return verified;
    }

    void TorchSave(Rounds r)
    {
        if (r.Torch is null) return;
        var lap = LapOf(r.Torch.Do("save", r.Written));
        samples.Add(Stall, Sync, lap, r.State.RawBytes);
        samples.Add(Durable, Sync, lap, r.State.RawBytes);
        File.Delete(r.Written);
    }

    void TorchClone(Rounds r)
    {
        if (r.Torch is null) return;
        var answer = r.Torch.Do("clone", r.Written);
        samples.Add(Stall, Clone, new Lap((double)answer["stall"]!, double.NaN), r.State.RawBytes);
        samples.Add(Durable, Clone, LapOf(answer), r.State.RawBytes);
        File.Delete(r.Written);
    }

    void TorchLoad(Rounds r, string command, string what, string name)
    {
        if (r.Torch?.Do(command, r.Kept) is { } answer)
            samples.Add(what, name, LapOf(answer), r.State.RawBytes, (bool)answer["verified"]!);
    }

    static Lap LapOf(JsonNode answer) => new((double)answer["seconds"]!, (double)answer["processor"]!);

    /// <summary>What no program can beat here: copying the state, and moving the bytes that were really stored.</summary>
    void Limits(Rounds r, SavedCheckpoint saved)
    {
        var path = r.Ours.PathOf(saved);
        samples.Add(Limit, "memcpy of the state", Lap.Of(() => r.State.CopyTo(r.Live)), r.State.RawBytes);
        var stored = File.ReadAllBytes(path);   // the memory is there before the read is timed
        var read = Lap.Of(() =>
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            file.ReadExactly(stored);
        });
        samples.Add(Limit, "read of the full shard", read, stored.Length);
        var write = Lap.Of(() =>
        {
            using var file = new FileStream(r.Written, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            for (var at = 0; at < stored.Length; at += 1 << 20) file.Write(stored.AsSpan(at, Math.Min(1 << 20, stored.Length - at)));
            file.Flush(flushToDisk: true);
        });
        samples.Add(Limit, "write + fsync of the full shard", write, stored.Length);
        File.Delete(r.Written);
    }

    void Peak(string name, Rounds r, double bytes)
    {
        memory.Add(name, Table.Number(bytes / 1e6, "0"), Table.Number(bytes / r.State.RawBytes));
        output.Line(("what", "peak_memory"), ("rival", name), ("bytes", (long)bytes), ("ratio_to_state", bytes / r.State.RawBytes));
    }

    void Report(long rawBytes, string? torch)
    {
        output.Paragraph(string.Create(
            CultureInfo.InvariantCulture,
            $"{rawBytes / 1e6:N0} MB of state (14 B/param), {Count} alternating rounds, wall time; {torch ?? "torch was not there"}. ") +
            "GB/s are raw bytes of the state, for the limits the bytes moved. Reads come from the page cache on both sides, " +
            "but for the cold ones.");
        output.Table(samples.Write(output, Order, Reference));
        output.Heading("Memory");
        output.Table(memory);
        output.Targets(Targets());
    }

    IEnumerable<Target> Targets()
    {
        yield return Times("stall of a full save shorter than torch.save + fsync", 20, Stall, Sync);
        yield return Times("full save durable sooner than torch.save + fsync", 1.5, Durable, Sync);
        yield return Times("full restore, digests checked, faster than torch.load", 1, Restore, Load);

        Target Times(string text, double goal, string what, string torch) =>
            new(text, goal, samples.Median(what, torch) / samples.Median(what, Full));
    }

    /// <summary>What every round works with.</summary>
    sealed record Rounds(
        MemoryTensors State, MemoryTensors Later, MemoryTensors Live, OurSaves Ours, TorchProgram? Torch, string Folder)
    {
        public ContentHash Digest { get; } = State.Digest();

        public ContentHash LaterDigest { get; } = Later.Digest();

        /// <summary>Written once, loaded in every round.</summary>
        public string Kept => Path.Combine(Folder, "kept.pt");

        public string Written => Path.Combine(Folder, "written.tmp");
    }
}
