using System.Reflection;
using System.Text.Json;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;

namespace Lineage.Tests.Property.Cli;

public class ProblemPageTests
{
    static readonly Problem NoPoint = new(
        "https://lineage/errors/no-restore-point", "No restore point", 409,
        "No restore point of demo satisfies the request: 2 candidates, 1 quarantined and 1 not verified. The run stands still; " +
        "nothing changed.",
        ProblemCodes.NoRestorePoint)
    {
        Extensions = new Dictionary<string, JsonElement>(StringComparer.Ordinal) { ["candidates"] = JsonSerializer.SerializeToElement(2) },
    };

    [Fact]
    public void A_problem_is_one_block_with_its_code_and_the_next_command() =>
        GoldenPage.Check("problem", ProblemPage.Draw(NoPoint, Sample.Wide));

    [Fact]
    public void As_json_it_carries_schema_code_and_exit_code()
    {
        var json = JsonDocument.Parse(ProblemPage.AsJson(NoPoint, 6)).RootElement;
        Assert.Equal(1, json.GetProperty("schema").GetInt32());
        Assert.Equal("no-restore-point", json.GetProperty("code").GetString());
        Assert.Equal(2, json.GetProperty("candidates").GetInt32());
        Assert.Equal(6, json.GetProperty("exitCode").GetInt32());
    }

    [Fact]
    public void Every_code_ends_with_a_documented_exit_code()
    {
        int[] documented = [.. typeof(ExitCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(static field => (int)field.GetRawConstantValue()!)];
        foreach (var code in typeof(ProblemCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(static field => (string)field.GetRawConstantValue()!))
        {
            var exit = ProblemExit.CodeOf(Problem.Of(code, 500, "t", "d"));
            Assert.Contains(exit, documented);
            Assert.NotEqual(ExitCodes.Done, exit);
        }
    }

    [Fact]
    public void Nothing_that_a_server_says_can_steer_the_terminal()
    {
        var hostile = Problem.Of("internal", 500, "\u001b[2Jgone", "line\u0007 one \u009b31m\r\nline two");
        Assert.All(ProblemPage.Draw(hostile, Sample.Wide), static line => Assert.DoesNotContain(line.Text, char.IsControl));
    }
}
