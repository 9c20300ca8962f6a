using System.Globalization;
using System.Security.Cryptography;
using Lineage.Agents.Reporting;
using Lineage.Agents.Tiers;
using Lineage.ChaosHarness.PowerLoss;
using Lineage.Contracts.Api;

namespace Lineage.ChaosHarness.Sweeps;

/// <summary>
/// Cuts the power of one real disk at one durable step after the other. The disk is never made anew: what was promised is asked for again
/// after every later cut.
/// </summary>
sealed class PowerCutSteps(LoopDisk disk, long seed)
{
    /// <summary>In place of a step: after the call had returned.</summary>
    public const string Promised = "Promised";

    const string Small = "small object stored", Large = "large object stored", Report = "report kept in the outbox", Deletion = "deletion";
    const int SmallBytes = 40 << 10, LargeBytes = (4 << 20) + (300 << 10);

    readonly Random random = new(unchecked((int)(seed ^ (seed >> 32))));
    readonly Dictionary<string, byte[]> promised = new(StringComparer.Ordinal);   // by key: SHA-256 of the content
    int number;

    /// <summary>Every work with every step at which it can be cut; null: after its promise.</summary>
    public static IEnumerable<(string During, DurableStep? Step)> All =>
    [
        .. Steps(DurableStep.TempCreated, DurableStep.DirectorySynced).Select(static step => (Small, step)),
        .. Steps(DurableStep.TempCreated, DurableStep.DirectorySynced).Select(static step => (Large, step)),
        .. Steps(DurableStep.OutboxTempWritten, DurableStep.OutboxDirSynced).Select(static step => (Report, step)),
        (Deletion, null),
    ];

    static IEnumerable<DurableStep?> Steps(DurableStep from, DurableStep to) =>
        Enum.GetValues<DurableStep>().Where(step => step >= from && step <= to).Select(static step => (DurableStep?)step).Append(null);

    string Store => Path.Combine(disk.Root, "store");

    string Outgoing => Path.Combine(disk.Root, "outbox");

    /// <returns>Whether the power went at that step, and what was not as it must be afterwards.</returns>
    public async Task<(bool Struck, string? Objection)> TryAsync(string during, DurableStep? step, PowerCut how, CancellationToken ct)
    {
        number++;
        var cut = new CutAtStep(disk, how, step);
        var objection = during switch
        {
            Report => await KeepAsync(cut, ct),
            Deletion => Delete(cut),
            _ => await PutAsync(during is Large ? LargeBytes : SmallBytes, cut, ct),
        };
        return (cut.IsDark, objection ?? Reread());
    }

    async Task<string?> PutAsync(int bytes, CutAtStep cut, CancellationToken ct)
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"sweep/g1/s{number}/r0.shard");
        var content = new byte[bytes];
        random.NextBytes(content);
        var isPromised = await PromisedAsync(() => new ProductionProtocol().SaveAsync(Store, key, content, cut, ct));
        PowerReturns(cut);
        var aftermath = Aftermaths.Judge(Path.Combine(Store, key), before: null, content, isPromised);
        if (aftermath == Aftermath.Kept) promised[key] = SHA256.HashData(content);
        return aftermath is Aftermath.LostAcknowledged or Aftermath.WrongBytes ? $"{key} ({bytes:N0} bytes): {aftermath}" : null;
    }

    async Task<string?> KeepAsync(CutAtStep cut, CancellationToken ct)
    {
        var fact = StorageDeath.Fact(number);
        var outbox = Outbox.Open(Outgoing, static _ => { });
        var isPromised = await PromisedAsync(() => outbox.AddAsync(fact, cut, ct));
        PowerReturns(cut);
        List<Problem> damaged = [];
        var kept = Outbox.Open(Outgoing, damaged.Add);
        var isThere = kept.Entries.Any(one => one.Id == fact.Id);
        if (isThere) kept.Remove(fact.Id);   // as when it is settled; it may come back and be settled again
        return damaged is [var first, ..] ? $"the outbox holds what cannot be read: {first.Detail}"
            : isPromised && !isThere ? "a report that was kept is gone" : null;
    }

    string? Delete(CutAtStep cut)
    {
        var key = promised.Keys.First();
        var tier = new LocalDirectoryTier(Store);
        var isGone = tier.Delete(key);
        promised.Remove(key);
        PowerReturns(cut);
        return !isGone ? $"{key} was promised and could not be found to delete"
            : tier.SizeOf(key) is not null ? $"{key} came back although its deletion had returned" : null;
    }

    static async Task<bool> PromisedAsync(Func<Task> work)
    {
        try
        {
            await work();
            return true;
        }
        catch (PowerLostException)
        {
            return false;   // the moment that was asked for: nothing was promised
        }
    }

    void PowerReturns(CutAtStep cut)
    {
        cut.Cut();
        disk.Unmount();
        disk.Mount();
        // Their writer is this process, which lives; after a real power loss the next start removes them itself.
        foreach (var folder in new[] { Store, Outgoing }.Where(Directory.Exists))
            foreach (var temporary in Directory.EnumerateFiles(folder, ".*.tmp", SearchOption.AllDirectories)) File.Delete(temporary);
    }

    string? Reread()
    {
        foreach (var (key, digest) in promised)
        {
            var path = Path.Combine(Store, key);
            if (!File.Exists(path)) return $"{key} is gone although it had been promised";
            if (!SHA256.HashData(File.ReadAllBytes(path)).AsSpan().SequenceEqual(digest))
                return $"{key} has other bytes than were promised";
        }

        while (promised.Count > 8) Forget(promised.Keys.First());
        return null;
    }

    /// <summary>Makes room: the disk is small.</summary>
    void Forget(string key)
    {
        new LocalDirectoryTier(Store).Delete(key);
        promised.Remove(key);
    }
}
