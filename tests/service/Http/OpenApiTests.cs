using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Lineage.Tests.Service.Http;

/// <summary>
/// The description of the API is committed (docs/openapi/v1.json): a change of it is seen in review, and one that breaks clients is
/// refused. <c>LINEAGE_OPENAPI=write</c> commits additions, <c>write-breaking</c> whatever there is.
/// </summary>
[Collection(OneServer.Name)]
public sealed class OpenApiTests(SharedServer shared)
{
    static readonly JsonSerializerOptions Written = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task The_description_is_the_committed_one()
    {
        var now = Normal(await shared.Server.Http.GetStringAsync("openapi/v1.json"));
        var file = Path.Combine(Root(), "docs", "openapi", "v1.json");
        var mode = Environment.GetEnvironmentVariable("LINEAGE_OPENAPI");
        var committed = File.Exists(file) ? await File.ReadAllTextAsync(file) : "{}";
        using var older = JsonDocument.Parse(committed);
        using var newer = JsonDocument.Parse(now);
        var breaking = OpenApiChanges.Breaking(older.RootElement, newer.RootElement);
        if (mode is "write-breaking" || (mode is "write" && breaking.Count == 0))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, now);
            return;
        }

        Assert.True(
            breaking.Count == 0, $"The API would break its clients:\n{string.Join('\n', breaking)}\nKeep the old form beside the new one.");
        Assert.True(
            committed == now, "The API has grown. Commit its description:\n" +
            "LINEAGE_OPENAPI=write dotnet test tests/service -c Release --filter FullyQualifiedName~OpenApiTests");
    }

    [Fact]
    public async Task Every_operation_has_a_name_a_summary_and_its_problems()
    {
        using var description = JsonDocument.Parse(await shared.Server.Http.GetStringAsync("openapi/v1.json"));
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in description.RootElement.GetProperty("paths").EnumerateObject())
            foreach (var operation in path.Value.EnumerateObject())
            {
                var name = operation.Value.GetProperty("operationId").GetString()!;
                Assert.True(names.Add(name), $"{operation.Name} {path.Name}: the name {name} is taken");
                Assert.NotEmpty(operation.Value.GetProperty("summary").GetString()!);
            }

        var components = description.RootElement.GetProperty("components");
        var code = components.GetProperty("schemas").GetProperty("Problem").GetProperty("properties").GetProperty("code");
        Assert.Contains(
            "version-mismatch", code.GetProperty("enum").EnumerateArray().Select(static c => c.GetString()!), StringComparer.Ordinal);
        Assert.Equal("http", components.GetProperty("securitySchemes").GetProperty("bearer").GetProperty("type").GetString());
    }

    /// <summary>Without whatever is not of the contract, and always in the same layout.</summary>
    static string Normal(string json)
    {
        var document = JsonNode.Parse(json)!.AsObject();
        document.Remove("servers");
        return document.ToJsonString(Written) + "\n";
    }

    static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));
}
