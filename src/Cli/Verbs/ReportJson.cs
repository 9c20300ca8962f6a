using System.Text.Json;
using Lineage.Contracts.Format;

namespace Lineage.Cli.Verbs;

/// <summary>The one object at the end of a demo or a chaos command: member names in snake case, as they are documented.</summary>
internal static class ReportJson
{
    static readonly JsonSerializerOptions Options = new(ContractJson.Create()) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static string Of<T>(T report) => JsonSerializer.Serialize(report, Options);
}
