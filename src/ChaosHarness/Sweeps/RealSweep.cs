using Lineage.Agents.Tiers;
using Lineage.ChaosHarness.PowerLoss;
using Lineage.ChaosHarness.Reports;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Sweeps;

/// <summary>
/// The sweep with nothing modelled: a process of its own is killed, and the power of a real ext4 is cut in either mode, at every durable
/// step that storage takes; each is tried several times.
/// </summary>
/// <param name="program">Runs <see cref="StorageDeath.WorkAsync"/>: it is given <paramref name="arguments"/>, a folder and a step.</param>
public sealed class RealSweep(string program, IReadOnlyList<string> arguments, TimeProvider clock)
{
    const string Level = "real", Kill = "process killed";
    const int CutsEach = 4, FindingsMax = 20;
    const long DiskBytes = 96L << 20;

    readonly List<CrashPointRow> rows = [];
    readonly List<SweepFinding> findings = [];

    public async Task<SweepReport> RunAsync(long seed, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        foreach (var step in StorageDeath.Steps) await KillAsync(step, ct);
        List<SkippedCapability> skipped = [];
        if (await MachineCapabilities.MissingAsync(Capability.PowerLoss, ct) is { } missing)
            skipped.Add(new SkippedCapability("power cuts at every durable step", missing.Detail, Required: true));
        else
            await CutAsync(seed, ct);
        return new SweepReport(
            rows.Select(static one => (one.During, one.Step)).Distinct().Count(), rows.Count, rows.Sum(static one => one.Tried),
            rows.Sum(static one => one.Struck), rows.Sum(static one => one.Broken),
            Math.Round(clock.GetElapsedTime(began).TotalSeconds, 1), seed, rows, findings)
        {
            Skipped = skipped,
        };
    }

    async Task KillAsync(DurableStep step, CancellationToken ct)
    {
        var state = Directory.CreateTempSubdirectory("lineage-sweep-").FullName;
        try
        {
            var (exitCode, output) = await ProgramRun.Async(program, [.. arguments, state, step.ToString()], ct);
            var struck = exitCode == StorageDeath.Killed;
            IReadOnlyList<string> objections = struck ? StorageDeath.Judge(state, step) : [];
            if (!struck && exitCode != 0)
                throw new WorldException($"The process that was to die at {step} ended with {exitCode} instead: {output.Trim()}");
            Add(
                step >= DurableStep.OutboxTempWritten ? "report kept in the outbox" : "object stored", step.ToString(), Kill, struck,
                objections);
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }

    async Task CutAsync(long seed, CancellationToken ct)
    {
        using var disk = LoopDisk.Create(DiskBytes, clock);
        var cuts = new PowerCutSteps(disk, seed);
        foreach (var (during, step) in PowerCutSteps.All)
            foreach (var how in Enum.GetValues<PowerCut>())
                for (var n = 0; n < CutsEach; n++)
                {
                    ct.ThrowIfCancellationRequested();
                    var (struck, objection) = await cuts.TryAsync(during, step, how, ct);
                    Add(
                        during, step?.ToString() ?? PowerCutSteps.Promised,
                        how == PowerCut.JournalFlushed ? "power cut, journal flushed" : "power cut, nothing flushed", struck,
                        objection is null ? [] : [objection]);
                }
    }

    void Add(string during, string step, string mode, bool struck, IReadOnlyList<string> objections)
    {
        foreach (var what in objections)
            if (findings.Count < FindingsMax) findings.Add(new SweepFinding(during, step, "storage", mode, "S1", what));
        var at = rows.FindIndex(one => one.During == during && one.Step == step && one.Mode == mode);
        if (at < 0) rows.Add(new CrashPointRow(during, step, mode, Level, 0, 0, 0));
        at = at < 0 ? rows.Count - 1 : at;
        var row = rows[at];
        rows[at] = row with
        {
            Tried = row.Tried + 1,
            Struck = row.Struck + (struck ? 1 : 0),
            Broken = row.Broken + (objections.Count > 0 ? 1 : 0),
        };
    }
}
