using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Format;

namespace Lineage.ChaosHarness.Exchange;

/// <summary>A schedule from elsewhere, and what of it could not be carried over.</summary>
/// <param name="Lost">One sentence each; empty if nothing was lost.</param>
public sealed record Imported(Schedule Schedule, IReadOnlyList<string> Lost);

/// <summary>
/// Experiments of the Chaos Toolkit (https://chaostoolkit.org/reference/api/experiment/). Each fault becomes an action of the method, each
/// operation too; what the format has no place for travels in the experiment's configuration, so that our own export comes back whole.
/// </summary>
public static class ChaosToolkit
{
    const string Module = "lineage.chaos", ConfigurationKey = "lineage_schedule";

    const int ActivitiesMax = 10_000;

    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n" };

    public static string Export(Schedule schedule)
    {
        var method = new JsonArray();
        foreach (var operation in schedule.Operations)
            method.Add(Action(
                $"{Word(operation.Kind)} {operation.Argument}", "operate",
                new JsonObject { ["kind"] = Word(operation.Kind), ["argument"] = operation.Argument }));
        foreach (var fault in schedule.Faults)
            method.Add(Action(
                $"{fault.Kind} on {fault.Target}", "inject",
                new JsonObject
                {
                    ["kind"] = fault.Kind,
                    ["target"] = fault.Target,
                    ["amount"] = fault.Amount,
                    ["when"] = Trigger(fault.When),
                    ["until"] = fault.Until is { } until ? Trigger(until) : null,
                }));
        return new JsonObject
        {
            ["title"] = $"Lineage {schedule.Profile}, seed {schedule.Seed}",
            ["description"] = $"Schedule {schedule.Digest()} of {schedule.Operations.Count} operations and {schedule.Faults.Count} faults.",
            ["tags"] = new JsonArray("lineage", schedule.Profile),
            ["configuration"] = new JsonObject { [ConfigurationKey] = JsonNode.Parse(schedule.ToJson()) },
            ["method"] = method,
            ["rollbacks"] = new JsonArray(Action("heal everything", "heal", [])),
        }.ToJsonString(Indented) + "\n";
    }

    /// <exception cref="ScenarioException">The text is no experiment, or has no action that is a fault of the catalogue.</exception>
    public static Imported Import(string json)
    {
        try
        {
            if (JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { MaxDepth = 32 }) is not JsonObject experiment)
                throw new ScenarioException(0, "an experiment is a JSON object");
            if (experiment["configuration"]?[ConfigurationKey] is { } own)
                return new Imported(Schedule.Parse(CanonicalJson.Write<JsonNode>(own)), []);
            return Foreign(experiment);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new ScenarioException(0, $"this is no experiment: {e.Message}");
        }
    }

    static Imported Foreign(JsonObject experiment)
    {
        List<string> lost = [];
        List<ScheduledFault> faults = [];
        if (experiment["method"] is not JsonArray method) throw new ScenarioException(0, "an experiment has a method, a list of "
            + "activities");
        if (method.Count > ActivitiesMax) throw new ScenarioException(0, $"the method has {method.Count:N0} activities; at most "
            + $"{ActivitiesMax:N0} are read");
        foreach (var member in new[] { "steady-state-hypothesis", "controls", "secrets", "configuration", "rollbacks", "runtime" })
            if (experiment[member] is not null)
                lost.Add($"{member}: Lineage judges by its own invariants and heals by itself");
        var after = 0L;
        foreach (var activity in method)
        {
            var name = activity?["name"]?.GetValue<string>() ?? "(no name)";
            after += Pause(activity, "before");
            if (Fault(activity, name, faults.Count + 1, after) is { } fault) faults.Add(fault);
            else lost.Add($"activity \"{name}\": no fault of the catalogue in docs/CHAOS.md has that name");
            after += Pause(activity, "after");
        }

        if (faults.Count == 0) throw new ScenarioException(0, "no activity of the method is a fault of the catalogue in docs/CHAOS.md");
        return new Imported(
            new Schedule(
                Schedule.CurrentVersion, Seed: 1, "imported", new ScheduledWorld(2, 1, 1, 2),
                [new Operation(1, OperationKind.Save, 10), new Operation(2, OperationKind.Save, 20), new Operation(3, OperationKind.Save,
                    30)], faults,
                new ScheduleBounds(60_000, 3, 2, 16), BeyondBudget: false), lost);
    }

    /// <summary>By the name of the activity or of its function, with underscores or hyphens.</summary>
    static ScheduledFault? Fault(JsonNode? activity, string name, int id, long after)
    {
        if (activity?["type"]?.GetValue<string>() is not "action") return null;
        var function = activity["provider"]?["func"]?.GetValue<string>() ?? "";
        var known = FaultCatalogue.All.FirstOrDefault(one => Same(one.Kind, function) || Same(one.Kind, name));
        var target = activity["provider"]?["arguments"]?["target"]?.GetValue<string>() ?? "rank:0";
        return known is null ? null : new ScheduledFault(id, known.Kind, target, new FaultTrigger(Event: null, 1, after), Until: null, 0);
    }

    static bool Same(string kind, string name) =>
        string.Equals(kind, name.Replace('_', '-').Replace(' ', '-').ToLowerInvariant(), StringComparison.Ordinal);

    /// <summary>Pauses are seconds there and milliseconds here.</summary>
    static long Pause(JsonNode? activity, string which) => activity?["pauses"]?[which] is { } pause
        && double.TryParse(pause.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            && seconds is > 0 and < 86_400
            ? (long)(seconds * 1_000)
            : 0;

    static JsonObject Action(string name, string function, JsonObject arguments) => new()
    {
        ["type"] = "action",
        ["name"] = name,
        ["provider"] = new JsonObject { ["type"] = "python", ["module"] = Module, ["func"] = function, ["arguments"] = arguments },
    };

    static JsonObject Trigger(FaultTrigger trigger) => new()
    {
        ["event"] = trigger.Event,
        ["nth"] = trigger.Nth,
        ["afterMs"] = trigger.AfterMs,
    };

    static string Word(OperationKind kind) => kind.ToString().ToLowerInvariant();
}
