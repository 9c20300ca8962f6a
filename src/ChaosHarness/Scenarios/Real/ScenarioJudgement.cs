using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Worlds;
using Npgsql;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <summary>Plays a scenario once and takes the worse of two judgements: what it promises itself, and the judge's.</summary>
static class ScenarioJudgement
{
    /// <returns>Why the harness could not bring it about; null if it could.</returns>
    public static Task<string?> PlayAsync(Stage stage, Func<Stage, Task> play) => PlayAsync(() => stage, play);

    /// <param name="now">The stage as it is now: it may move to another world.</param>
    /// <inheritdoc cref="PlayAsync(Stage, Func{Stage, Task})"/>
    public static async Task<string?> PlayAsync(Func<Stage> now, Func<Stage, Task> play)
    {
        string? broke = null;
        try
        {
            await play(now());
        }
        catch (Exception failed) when (IsOfTheWorld(failed))
        {
            broke = failed.Message;
        }

        if (now().Record.Examination is not null) return broke;
        try
        {
            await now().ExamineAsync(await now().RestAsync());
        }
        catch (Exception failed) when (IsOfTheWorld(failed))
        {
            broke ??= $"The end could not be judged: {failed.Message}";
        }

        return broke;
    }

    public static ScenarioOutcome Of(Stage stage, string name, double seconds, string? broke)
    {
        var record = stage.Record;
        var found = Found(record).ToList();
        var verdict = record.Objections.Count + found.Count > 0 ? ScenarioVerdict.Violated
            : broke is not null ? ScenarioVerdict.Unknown
            : record.EveryFaultTookEffect ? ScenarioVerdict.Valid : ScenarioVerdict.Vacuous;
        var why = string.Join("; ", record.Objections.Concat(broke is null ? [] : [broke]).Concat(found).DefaultIfEmpty(
            verdict != ScenarioVerdict.Vacuous ? ""
                : record.Missed.Count > 0 ? string.Join("; ", record.Missed) : "a fault had no effect on record"));
        return new ScenarioOutcome(
            name, verdict, seconds, why.Length == 0 ? null : why,
            [.. record.Of<Entry.TookEffect>().Select(static effect => effect.Observation)])
        {
            Objections = [.. record.Objections],
            Examination = record.Examination ?? new Examination(stage.JournalOnly(), Unjudged),
        };
    }

    /// <summary>Nothing was read, so nothing was triggered.</summary>
    static Verdict Unjudged { get; } = new(
        [.. Promises.All.Select(static one => new InvariantVerdict(one.Id, one.Promise, Judgement.Never, 0, []))]);

    /// <summary>What the judge found. That a fault had no effect is the harness' own matter and makes the scenario vacuous.</summary>
    static IEnumerable<string> Found(StageRecord record) =>
        from one in record.Examination?.Verdict.Invariants ?? []
        where one.Judgement == Judgement.Violated
            && (record.EveryFaultTookEffect || !string.Equals(one.Id, "S21", StringComparison.Ordinal))
        from violation in one.Violations.Take(2)
        select $"{one.Id}: {violation.What}";

    static bool IsOfTheWorld(Exception failed) => failed
        is WorldException or IOException or HttpRequestException or InvalidOperationException or InvalidDataException or NpgsqlException;
}
