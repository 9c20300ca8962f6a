using System.Globalization;
using Lineage.ChaosHarness.PowerLoss;
using Lineage.ChaosHarness.Simulation;
using Lineage.ChaosHarness.Worlds;
using Lineage.Tests.Chaos.Real;
using Xunit.Abstractions;

namespace Lineage.Tests.Chaos.Calibration;

/// <summary>What one power cut really left, beside all that the model says it may leave.</summary>
sealed record DiskOutcome(
    string Script, bool NamesAreLost, IReadOnlyList<Fate> Allowed, IReadOnlyDictionary<string, byte[]> Found, ModelDisk Model);

/// <summary>Random scripts on a real ext4 whose power is really cut: what came back has to be among what <see cref="ModelDisk"/>
/// allows.</summary>
public sealed class DiskCalibration(ITestOutputHelper output)
{
    [NeedsFact(Capability.PowerLoss)]
    public void Ext4_does_nothing_after_a_power_cut_that_the_modelled_disk_does_not_allow()
    {
        var outcomes = Cut(Scale.Of(120), seed: 20_260);
        var violations = outcomes.SelectMany(static one => Violations(one, static fate => fate)).ToList();
        output.WriteLine(Seen(outcomes));
        Assert.True(violations.Count == 0, string.Join('\n', violations.Take(20)));

        // The comparison sees something only if ext4 really does each harsh thing, and a model without it is found out.
        Assert.NotEmpty(outcomes.SelectMany(static one => Violations(one, static fate => fate with { MayBeTorn = false })));
        Assert.NotEmpty(outcomes.SelectMany(static one => Violations(one, static fate =>
            IsDeleted(fate) ? fate : fate with { MayBeGone = fate.Names.Count == 0 })));
        Assert.NotEmpty(outcomes.SelectMany(static one => Violations(one, static fate =>
            IsDeleted(fate) ? fate : fate with { Names = [.. fate.Names.TakeLast(1)] })));
        Assert.NotEmpty(outcomes.SelectMany(static one => Violations(one, static fate =>
            IsDeleted(fate) ? fate with { Names = [] } : fate)));

        // Last, because it does to the model what was done to the disk.
        Assert.All(outcomes, static one => Assert.Empty(ViolationsOfTheModelItself(one)));
    }

    static bool IsDeleted(Fate fate) => fate.File.Former is [.., var last] && fate.Names is [.., var name] && name == last;

    static List<DiskOutcome> Cut(int scripts, int seed)
    {
        var random = new Random(seed);
        var outcomes = new List<DiskOutcome>();
        using var disk = LoopDisk.Create(64 << 20, TimeProvider.System);
        for (var i = 0; i < scripts; i++)
        {
            var folder = Path.Combine(disk.Root, string.Create(CultureInfo.InvariantCulture, $"s{i}"));
            var script = new DiskScript(folder, random);
            script.Play();
            var namesAreLost = random.Next(2) == 0;
            disk.Cycle(namesAreLost ? PowerCut.NothingFlushed : PowerCut.JournalFlushed);
            var found = Directory.EnumerateFiles(folder).ToDictionary(
                static path => Path.GetFileName(path), File.ReadAllBytes, StringComparer.Ordinal);
            outcomes.Add(new DiskOutcome(
                $"script {i}, {(namesAreLost ? "names" : "contents")} lost: {string.Join(", ", script.Done)}", namesAreLost,
                [.. script.Model.Fates(namesAreLost)], found, script.Model));
            Directory.Delete(folder, recursive: true);
        }

        return outcomes;
    }

    static IEnumerable<string> Violations(DiskOutcome outcome, Func<Fate, Fate> changed)
    {
        var allowed = outcome.Allowed.Select(changed).ToList();
        foreach (var name in outcome.Found.Keys.Where(name => !allowed.Exists(fate => fate.Names.Contains(name, StringComparer.Ordinal))))
            yield return $"{name} must not be there. {outcome.Script}";
        foreach (var fate in allowed)
        {
            var places = fate.Names.Where(outcome.Found.ContainsKey).ToList();
            if (places.Count == 0 && !fate.MayBeGone) yield return $"{string.Join('|', fate.Names)} must be there. {outcome.Script}";
            if (places.Count > 1) yield return $"{string.Join(" and ", places)} are one file. {outcome.Script}";
            foreach (var place in places.Where(place => !fate.MayBeTorn && !IsWhole(fate, outcome.Found[place])))
                yield return $"{place} must be whole. {outcome.Script}";
        }
    }

    static bool IsWhole(Fate fate, byte[] found) => found.AsSpan().SequenceEqual((byte[])fate.File.Content);

    /// <summary>What the simulator does with this disk is among what the disk allows.</summary>
    static IEnumerable<string> ViolationsOfTheModelItself(DiskOutcome outcome)
    {
        var whole = outcome.Allowed.ToDictionary(static fate => fate, static fate => (byte[])fate.File.Content);
        outcome.Model.LosePower(outcome.NamesAreLost);
        var found = outcome.Model.Files.ToDictionary(
            static one => one.Key, static one => one.Value.Content as byte[] ?? [], StringComparer.Ordinal);
        return Violations(outcome with
        {
            Found = found,
            Allowed = [.. outcome.Allowed.Select(fate => fate with { File = new ModelFile(whole[fate]) })],
        }, static fate => fate);
    }

    static string Seen(IReadOnlyList<DiskOutcome> outcomes)
    {
        int Count(bool namesAreLost, Func<Fate, DiskOutcome, bool> what) =>
            outcomes.Where(one => one.NamesAreLost == namesAreLost).Sum(one => one.Allowed.Count(fate => what(fate, one)));
        bool Is(Fate fate, DiskOutcome one) => fate.Names.Any(one.Found.ContainsKey);
        bool IsTorn(Fate fate, DiskOutcome one) =>
            fate.Names.FirstOrDefault(one.Found.ContainsKey) is { } name && !IsWhole(fate, one.Found[name]);
        string Line(bool lost) =>
            $"{(lost ? "nothing flushed" : "journal flushed")}: {Count(lost, static (_, _) => true)} files, "
            + $"{Count(lost, IsTorn)} torn, {Count(lost, (fate, one) => !Is(fate, one))} gone, "
            + $"{Count(lost, (fate, one) => fate.Names.Count > 1 && Is(fate, one) && !one.Found.ContainsKey(fate.Names[^1]))} "
            + "under a former name, "
            + $"{Count(lost, (fate, one) => fate.MayBeGone && IsDeleted(fate) && Is(fate, one))} deleted and back";
        return $"{Line(lost: false)}\n{Line(lost: true)}";
    }
}
