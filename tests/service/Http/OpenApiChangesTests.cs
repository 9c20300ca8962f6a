using System.Text.Json;

namespace Lineage.Tests.Service.Http;

public sealed class OpenApiChangesTests
{
    const string Older = """
        {"paths":{"/v1/runs":{"post":{"operationId":"register-run","parameters":[{"in":"query","name":"dry"}],
          "requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Register"}}}},
          "responses":{"200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Run"}}}}}}}},
         "components":{"schemas":{
          "Register":{"type":"object","required":["run"],"properties":{
            "run":{"type":"string"},"world":{"type":"integer","format":"int32"}}},
          "Run":{"type":"object","properties":{"phase":{"$ref":"#/components/schemas/Phase"}}},
          "Phase":{"enum":["open","sealed"]}}}}
        """;

    [Theory]
    [InlineData("\"/v1/runs\":", "\"/v1/jobs\":", "/v1/runs is gone")]
    [InlineData("\"post\":", "\"put\":", "POST /v1/runs is gone")]
    [InlineData("\"register-run\"", "\"create-run\"", "no longer called register-run")]
    [InlineData("\"name\":\"dry\"", "\"name\":\"wet\"", "parameter query dry is gone")]
    [InlineData("\"name\":\"dry\"", "\"name\":\"dry\",\"required\":true", "query dry is newly required")]
    [InlineData("\"format\":\"int32\"", "\"format\":\"int64\"", "Register.world was integer(int32), is integer(int64)")]
    [InlineData("\"world\":", "\"size\":", "Register.world is gone")]
    [InlineData("[\"run\"]", "[\"run\",\"world\"]", "Register.world is newly required")]
    [InlineData(",\"sealed\"", "", "Phase no longer knows sealed")]
    [InlineData("\"$ref\":\"#/components/schemas/Run\"", "\"type\":\"string\"", "200: application/json was Run, is string")]
    public void What_breaks_a_client_is_named(string was, string now, string says) =>
        Assert.Contains(
            Breaking(Older.Replace(was, now, StringComparison.Ordinal)), found => found.Contains(says, StringComparison.Ordinal));

    [Theory]
    [InlineData("\"paths\":{", "\"paths\":{\"/v1/more\":{\"get\":{}},")]
    [InlineData("\"post\":", "\"get\":{},\"post\":")]
    [InlineData("\"parameters\":[", "\"parameters\":[{\"in\":\"query\",\"name\":\"more\"},")]
    [InlineData("\"phase\":", "\"more\":{\"type\":\"string\"},\"phase\":")]
    [InlineData("\"type\":\"object\",\"properties\":{\"phase\"", "\"type\":\"object\",\"required\":[\"phase\"],\"properties\":{\"phase\"")]
    [InlineData("\"enum\":[", "\"enum\":[\"new\",")]
    [InlineData("\"enum\":[", "\"description\":\"words\",\"enum\":[")]
    public void What_is_added_breaks_nobody(string was, string now)
    {
        var newer = Older.Replace(was, now, StringComparison.Ordinal);
        Assert.NotEqual(Older, newer, StringComparer.Ordinal);
        Assert.Empty(Breaking(newer));
    }

    static IReadOnlyList<string> Breaking(string newer)
    {
        using var older = JsonDocument.Parse(Older);
        using var changed = JsonDocument.Parse(newer);
        return OpenApiChanges.Breaking(older.RootElement, changed.RootElement);
    }
}
