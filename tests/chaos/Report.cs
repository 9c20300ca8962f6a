using System.Text.Json;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.Tests.Chaos;

/// <summary>The one object that a chaos command prints with <c>--json</c>.</summary>
static class Report
{
    /// <exception cref="OperationCanceledException">The command did not end in time; it was killed.</exception>
    public static async Task<JsonDocument> OfAsync(TimeSpan within, params string[] arguments)
    {
        using var bound = new CancellationTokenSource(within);
        var (_, output) = await ProgramRun.Async(Scenarios.World.Program, arguments, bound.Token);
        return JsonDocument.Parse(output.Split('\n')[0]);   // what follows went to standard error
    }
}
