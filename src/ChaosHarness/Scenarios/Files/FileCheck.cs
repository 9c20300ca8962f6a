using System.Globalization;
using Lineage.Agents.Tiers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>What of a schedule cannot be done to real processes here; said before anything starts. Pure.</summary>
public static class FileCheck
{
    public const string DurablePrefix = "durable:";

    const int RanksMax = 8, StepsMax = 400;

    static readonly OperationKind[] Operations =
        [OperationKind.Save, OperationKind.Verify, OperationKind.Restore, OperationKind.Pin, OperationKind.Unpin, OperationKind.Complete];

    /// <summary>Kinds of fault that a scenario file can have done to real processes.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [.. RealInjectors.All.Keys];

    /// <summary>One sentence for each thing that is not possible; empty: it can be played.</summary>
    public static IReadOnlyList<string> Refusals(Schedule schedule)
    {
        List<string> refusals = [];
        foreach (var kind in schedule.Faults.Select(static one => one.Kind).Distinct(StringComparer.Ordinal))
            if (!RealInjectors.All.ContainsKey(kind))
                refusals.Add($"The fault \"{kind}\" has no injector for real processes. There are: {string.Join(", ", Kinds)}.");
        foreach (var fault in schedule.Faults)
            if (RealInjectors.All.TryGetValue(fault.Kind, out var known)) refusals.AddRange(Refusals(schedule, fault, known));
        foreach (var kind in schedule.Operations.Select(static one => one.Kind).Distinct().Except(Operations))
            refusals.Add($"The operation {Word(kind)} cannot be asked of real processes by a file. There are: "
                + $"{string.Join(", ", Operations.Select(Word))}.");
        if (Saves(schedule).Count == 0) refusals.Add("There is no save; a run without one leaves nothing to judge.");
        else if (LastStep(schedule) > StepsMax)
            refusals.Add($"The last save is at step {LastStep(schedule):N0}; at most {StepsMax:N0} steps are trained for real.");
        if (schedule.World.Ranks > RanksMax)
            refusals.Add($"The world has {schedule.World.Ranks:N0} ranks; at most {RanksMax} real ones are started on one machine.");
        return refusals;
    }

    static IEnumerable<string> Refusals(Schedule schedule, ScheduledFault fault, RealInjector known)
    {
        var begins = known.Target.Split('|');
        if (!begins.Any(one => fault.Target.StartsWith(one, StringComparison.Ordinal)))
            yield return $"Fault {fault.Id} ({fault.Kind}) is aimed at \"{fault.Target}\"; "
                + $"expected a target that begins with \"{string.Join("\" or \"", begins)}\".";
        if (known.Target is "rank:" && RankOf(fault.Target) is not { } rank)
            yield return $"Fault {fault.Id} ({fault.Kind}) is aimed at \"{fault.Target}\"; expected rank:N.";
        else if (known.Target is "rank:" && RankOf(fault.Target) >= schedule.World.Ranks)
            yield return $"Fault {fault.Id} ({fault.Kind}) is aimed at {fault.Target}; "
                + $"the world has {schedule.World.Ranks} ranks from 0 on.";
        if (fault.When.Event is { } moment && moment.StartsWith(DurablePrefix, StringComparison.Ordinal) && StepOf(moment) is null)
            yield return $"Fault {fault.Id} waits for \"{moment}\"; durable steps are {string.Join(", ", Enum.GetNames<DurableStep>())}.";
    }

    /// <summary>Machine capabilities that the faults need, each once.</summary>
    public static IReadOnlyList<Capability> Needs(Schedule schedule) =>
    [
        Capability.PostgreSql,
        .. schedule.Faults.SelectMany(static one => RealInjectors.All[one.Kind].Needs).Distinct(),
    ];

    /// <summary>Steps that are saved, in order.</summary>
    public static IReadOnlyList<long> Saves(Schedule schedule) =>
        [.. schedule.Operations.Where(static one => one.Kind == OperationKind.Save && one.Argument > 0).Select(static one => one.Argument)
            .Distinct().Order()];

    public static long LastStep(Schedule schedule) => Saves(schedule)[^1];

    /// <summary>A launcher saves at every so manieth step: at all that are asked for, and maybe at others between them.</summary>
    public static long SaveEvery(Schedule schedule)
    {
        var common = 0L;
        foreach (var step in Saves(schedule))
            for (var other = step; other != 0;) (common, other) = (other, common % other);
        return common;
    }

    /// <summary>Null for what names no rank.</summary>
    public static int? RankOf(string target) => target.StartsWith("rank:", StringComparison.Ordinal)
        && int.TryParse(target.AsSpan("rank:".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var rank) ? rank : null;

    /// <summary>The durable step that an event of the data plane names, in either spelling; null if it is none.</summary>
    public static DurableStep? StepOf(string moment)
    {
        if (!moment.StartsWith(DurablePrefix, StringComparison.Ordinal)) return null;
        var name = moment[DurablePrefix.Length..].Replace("-", "", StringComparison.Ordinal);
        return Enum.GetNames<DurableStep>().FirstOrDefault(known => string.Equals(known, name, StringComparison.OrdinalIgnoreCase))
            is { } found ? Enum.Parse<DurableStep>(found) : null;
    }

    static string Word(OperationKind kind) => kind.ToString().ToLowerInvariant();
}
