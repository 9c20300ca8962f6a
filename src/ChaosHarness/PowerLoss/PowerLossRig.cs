using System.Globalization;
using System.Security.Cryptography;
using Lineage.Agents.Tiers;

namespace Lineage.ChaosHarness.PowerLoss;

/// <summary>
/// Cuts the power of a real file system again and again while the production store path writes and deletes on it, and judges each time
/// what comes back. The disk is never made anew: what was promised a hundred cuts ago is still asked for.
/// </summary>
/// <remarks>Cycle: save or delete, cut at a drawn durable step, unmount, mount (journal replay), judge. Modes take turns.</remarks>
public sealed class PowerLossRig(LoopDisk disk, long seed, TimeProvider clock)
{
    const int LiveMax = 24, FindingsMax = 20, NaiveCycles = 60, FloorCycles = 40;
    const long DiskBytes = 96L << 20;

    static readonly DurableStep[] StepsOfAPut =
    [
        DurableStep.TempCreated, DurableStep.HeaderWritten, DurableStep.PartlyWritten, DurableStep.Written, DurableStep.FileSynced,
        DurableStep.Renamed, DurableStep.DirectorySynced,
    ];

    readonly Random random = new(unchecked((int)(seed ^ (seed >> 32))));
    readonly Dictionary<string, byte[]> live = new(StringComparer.Ordinal);   // promised, by key: SHA-256 of the content
    readonly SortedDictionary<string, int> cuts = new(StringComparer.Ordinal);
    readonly SortedDictionary<string, int> broken = new(StringComparer.Ordinal);
    readonly List<string> findings = [];
    string cutAt = "";
    int violations, acknowledged, kept;
    long reread;

    string StoreRoot => Path.Combine(disk.Root, "store");

    /// <summary>Runs a whole campaign on a disk of its own, which is gone afterwards.</summary>
    public static async Task<PowerLossReport> RunAsync(int cycles, long seed, TimeProvider clock, CancellationToken ct)
    {
        using var disk = LoopDisk.Create(DiskBytes, clock);
        return await new PowerLossRig(disk, seed, clock).CampaignAsync(cycles, ct);
    }

    async Task<PowerLossReport> CampaignAsync(int cycles, CancellationToken ct)
    {
        var started = clock.GetTimestamp();
        var floor = Floor(ct);
        var begun = clock.GetTimestamp();
        for (var cycle = 0; cycle < cycles; cycle++)
        {
            ct.ThrowIfCancellationRequested();
            await CycleAsync(cycle, ct);
        }

        var perMinute = cycles / clock.GetElapsedTime(begun).TotalMinutes;
        var naive = new Dictionary<string, NaiveFailures>(StringComparer.Ordinal);
        foreach (var protocol in NaiveProtocol.All) naive[protocol.Name] = await NaiveAsync(protocol, ct);
        return new PowerLossReport(
            Schema: 1, seed, "ext4", disk.Root, cycles, Math.Round(perMinute, 1), Math.Round(floor, 2), violations, acknowledged, kept,
            reread, cuts, naive, findings, Math.Round(clock.GetElapsedTime(started).TotalSeconds, 1))
        {
            ViolationsByStep = broken,
        };
    }

    double Floor(CancellationToken ct)
    {
        var took = new List<double>();
        for (var cycle = 0; cycle < FloorCycles; cycle++)
        {
            ct.ThrowIfCancellationRequested();
            var begun = clock.GetTimestamp();
            disk.Cycle(ModeOf(cycle));
            took.Add(clock.GetElapsedTime(begun).TotalMilliseconds);
        }

        took.Sort();
        return took[took.Count / 2];
    }

    async Task CycleAsync(int cycle, CancellationToken ct)
    {
        var how = ModeOf(cycle);
        if (live.Count >= LiveMax)
        {
            DeleteUnderCut(live.Keys.ElementAt(random.Next(live.Count)), how);
        }
        else
        {
            // Several objects share a directory, and each new directory has parents that must be durable too.
            var key = string.Create(CultureInfo.InvariantCulture, $"run/g{cycle / 500}/s{cycle / 3}/r{cycle % 3}.shard");
            await SaveUnderCutAsync(key, how, ct);
        }

        RereadPromises(cycle);
    }

    async Task SaveUnderCutAsync(string key, PowerCut how, CancellationToken ct)
    {
        var content = Content();
        var pick = random.Next(StepsOfAPut.Length + 2);   // two of nine cuts come after the promise
        DurableStep? at = pick < StepsOfAPut.Length ? StepsOfAPut[pick] : null;
        var cut = new CutAtStep(disk, how, at);
        var promised = false;
        try
        {
            await new ProductionProtocol().SaveAsync(StoreRoot, key, content, cut, ct);
            promised = true;
        }
        catch (PowerLostException)
        {
            // the moment that was drawn: nothing was promised
        }

        Count(at?.ToString() ?? "Promised");
        PowerReturns(cut);
        if (promised) acknowledged++;
        JudgeSave(key, content, promised, at);
    }

    void JudgeSave(string key, byte[] content, bool promised, DurableStep? at)
    {
        var path = Path.Combine(StoreRoot, key);
        switch (Aftermaths.Judge(path, before: null, content, promised))
        {
            case Aftermath.Kept:
                kept++;
                live[key] = SHA256.HashData(content);
                // Seen once, it must stay. Its name may have been in memory only when the power went: a restart makes it durable or not
                // at all, and what a reader was shown after the restart is what the next cut is judged against.
                break;
            case Aftermath.OldOrAbsent: break;
            case var harm: Violated($"{key} ({content.Length:N0} bytes), cut at {at?.ToString() ?? "promised"}: {harm}"); break;
        }
    }

    void DeleteUnderCut(string key, PowerCut how)
    {
        var tier = new LocalDirectoryTier(StoreRoot);
        if (!tier.Delete(key)) Violated($"{key} was promised and could not be found to delete");
        var cut = new CutAtStep(disk, how, at: null);
        Count("Deleted");
        PowerReturns(cut);
        if (tier.SizeOf(key) is not null) Violated($"{key} came back although its deletion had returned");
        live.Remove(key);
        var directory = Path.GetDirectoryName(Path.Combine(StoreRoot, key))!;
        if (!Directory.EnumerateFileSystemEntries(directory).Any()) Directory.Delete(directory);   // or every cycle walks more of them
    }

    void PowerReturns(CutAtStep cut)
    {
        cut.Cut();
        disk.Unmount();
        disk.Mount();
        if (!Directory.Exists(StoreRoot)) return;
        // Their writer is this process, which lives; after a real power loss the tier removes them itself.
        foreach (var temporary in Directory.EnumerateFiles(StoreRoot, ".*.tmp", SearchOption.AllDirectories)) File.Delete(temporary);
    }

    /// <summary>All that was ever promised and not deleted is there to the byte, and nothing else has a final name.</summary>
    void RereadPromises(int cycle)
    {
        foreach (var (key, digest) in live.ToList())
        {
            reread++;
            var path = Path.Combine(StoreRoot, key);
            var harm = !File.Exists(path) ? "is gone although it had been promised"
                : SHA256.HashData(File.ReadAllBytes(path)).AsSpan().SequenceEqual(digest) ? null : "has other bytes than were promised";
            if (harm is null) continue;
            Violated($"cycle {cycle}: {key} {harm}");
            live.Remove(key);   // told once
        }

        foreach (var key in new LocalDirectoryTier(StoreRoot).List("").Where(key => !live.ContainsKey(key)))
            Violated($"cycle {cycle}: {key} is listed and nobody was told that it is stored");
    }

    async Task<NaiveFailures> NaiveAsync(NaiveProtocol protocol, CancellationToken ct)
    {
        int lost = 0, wrong = 0;
        var path = Path.Combine(disk.Root, "naive", protocol.Name);
        for (var cycle = 0; cycle < NaiveCycles; cycle++)
        {
            ct.ThrowIfCancellationRequested();
            if (File.Exists(path)) File.Delete(path);
            byte[] before = Content(), after = Content(before.Length);
            await new ProductionProtocol().SaveAsync(Path.GetDirectoryName(path)!, protocol.Name, before, NoSteps.Instance, ct);
            var cut = new CutAtStep(disk, ModeOf(cycle), at: null);
            await protocol.SaveAsync(Path.GetDirectoryName(path)!, protocol.Name, after, cut, ct);
            PowerReturns(cut);
            var aftermath = Aftermaths.Judge(path, before, after, acknowledged: true);
            if (aftermath == Aftermath.LostAcknowledged) lost++;
            if (aftermath == Aftermath.WrongBytes) wrong++;
        }

        return new NaiveFailures(NaiveCycles, lost, wrong);
    }

    static PowerCut ModeOf(int cycle) => cycle % 2 == 0 ? PowerCut.JournalFlushed : PowerCut.NothingFlushed;

    /// <summary>Mostly small; one in forty long enough for the path that writes past the page cache.</summary>
    byte[] Content(int? length = null)
    {
        var content = new byte[length ?? (random.Next(40) == 0 ? (4 << 20) + random.Next(1 << 19) : 200 + random.Next(48 << 10))];
        random.NextBytes(content);
        return content;
    }

    void Count(string step)
    {
        cutAt = step;
        cuts[step] = cuts.GetValueOrDefault(step) + 1;
    }

    void Violated(string what)
    {
        violations++;
        broken[cutAt] = broken.GetValueOrDefault(cutAt) + 1;
        if (findings.Count < FindingsMax) findings.Add(what);
    }
}
