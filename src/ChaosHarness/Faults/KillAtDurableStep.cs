using System.Globalization;
using Lineage.Agents.Tiers;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Faults;

/// <summary>
/// An armed failpoint: this process kills itself with SIGKILL when it reaches a durable step for the nth time, so that a crash hits one
/// exact place of a save; or it stops itself with SIGSTOP, so that the harness can hurt something else at that very moment and let it go
/// on. Armed by the environment variable <see cref="Variable"/> only, for example <c>kill rank=1 generation=1 at=partly-written
/// occurrence=3</c> or <c>stop rank=…</c>, several divided by ';'; a production process has none.
/// </summary>
public sealed class KillAtDurableStep(DurableStep at, int occurrence, Signal signal = Signal.Kill) : IDurableSteps
{
    public const string Variable = "LINEAGE_FAULT";

    int seen;

    /// <summary>What the process of this rank is to do: the failpoint, if one is armed for it, else nothing.</summary>
    /// <exception cref="FormatException">The text names no fault.</exception>
    public static IDurableSteps Armed(string? text, Rank rank, Generation generation)
    {
        var armed = (text ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(clause => Clause(clause, rank, generation)).OfType<IDurableSteps>().ToArray();
        return armed is [] ? NoSteps.Instance : armed is [var only] ? only : new All(armed);
    }

    /// <summary>Null where it is armed for another process.</summary>
    static KillAtDurableStep? Clause(string text, Rank rank, Generation generation)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var members = words.Skip(1).Select(static word => word.Split('=', 2)).Where(static pair => pair.Length == 2)
            .ToDictionary(static pair => pair[0], static pair => pair[1], StringComparer.Ordinal);
        if (words[0] is not ("kill" or "stop") || members.Count != 4 || !members.TryGetValue("at", out var step)
            || !Enum.TryParse<DurableStep>(step.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var at))
            throw new FormatException($"{Variable} is \"{text}\"; expected: kill|stop rank=R generation=G at=DURABLE-STEP occurrence=N.");
        return Number(members, "rank") == rank.Value && Number(members, "generation") == generation.Value
            ? new KillAtDurableStep(at, Number(members, "occurrence"), words[0] == "stop" ? Signal.Stop : Signal.Kill)
            : null;
    }

    sealed class All(IDurableSteps[] armed) : IDurableSteps
    {
        public void Reached(DurableStep step)
        {
            foreach (var one in armed) one.Reached(step);
        }
    }

    public void Reached(DurableStep step)
    {
        if (step == at && Interlocked.Increment(ref seen) == occurrence) ChildProcess.SendHere(signal);
    }

    static int Number(Dictionary<string, string> members, string name) =>
        members.TryGetValue(name, out var text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"{Variable} has no whole number \"{name}\".");
}
