using System.Text.Json;
using System.Text.Json.Nodes;
using Lineage.ChaosHarness.Histories;

namespace Lineage.ChaosHarness.Exchange;

/// <summary>The JSON schema of scenario files, for editors; kept in docs/schema/scenario.schema.json. The reader is as strict.</summary>
public static class ScenarioSchema
{
    static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Text() => Root().ToJsonString(Indented) + "\n";

    static JsonObject Root() => Of(
        new JsonObject
        {
            ["profile"] = new JsonObject { ["type"] = "string" },
            ["seed"] = Number(0, 1L << 53),
            ["world"] = Of(
                new JsonObject
                {
                    ["ranks"] = Number(1, 4_096),
                    ["servers"] = Number(1, 64),
                    ["copies"] = Number(1, 16),
                    ["tensors"] = Number(1, 10_000),
                },
                "ranks"),
            ["operations"] = List(Operation()),
            ["faults"] = List(Fault()),
            ["bounds"] = Of(new JsonObject
            {
                ["healWithinMs"] = Number(1, 86_400_000),
                ["recoveriesMax"] = Number(1, 1_000),
                ["verifiedMin"] = Number(1, 100_000),
                ["depthMax"] = Number(1, 50),
            }),
            ["beyondBudget"] = new JsonObject { ["type"] = "boolean" },
        },
        "seed", "world").First("title", "Lineage chaos scenario").First("$schema", "https://json-schema.org/draft/2020-12/schema");

    static JsonObject Operation()
    {
        var kinds = new JsonObject();
        foreach (var kind in Enum.GetNames<OperationKind>()) kinds[kind.ToLowerInvariant()] = Number(0, 1L << 53);
        var operation = Of(kinds);
        operation["minProperties"] = 1;
        operation["maxProperties"] = 1;
        return operation;
    }

    static JsonObject Fault() => Of(
        new JsonObject
        {
            ["kind"] = new JsonObject { ["enum"] = new JsonArray([.. FaultCatalogue.All.Select(static one => (JsonNode)one.Kind)]) },
            ["target"] = new JsonObject { ["type"] = "string" },
            ["when"] = Trigger(),
            ["until"] = Trigger(),
            ["amount"] = Number(0, 1L << 53),
        },
        "kind", "target", "when");

    static JsonObject Trigger() => Of(new JsonObject
    {
        ["event"] = new JsonObject { ["type"] = "string" },
        ["nth"] = Number(1, 1_000_000),
        ["afterMs"] = Number(0, 86_400_000),
    });

    static JsonObject Of(JsonObject members, params string[] required)
    {
        var of = new JsonObject { ["type"] = "object", ["additionalProperties"] = false };
        if (required.Length > 0) of["required"] = new JsonArray([.. required.Select(static one => (JsonNode)one)]);
        of["properties"] = members;
        return of;
    }

    static JsonObject List(JsonObject item) => new() { ["type"] = "array", ["items"] = item };

    static JsonObject Number(long min, long max) => new() { ["type"] = "integer", ["minimum"] = min, ["maximum"] = max };

    static JsonObject First(this JsonObject members, string name, JsonNode value)
    {
        members.Insert(0, name, value);
        return members;
    }
}
