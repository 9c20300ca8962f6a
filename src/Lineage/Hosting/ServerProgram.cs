using Lineage.Contracts.Api;

namespace Lineage.Hosting;

/// <summary>Entry point of <c>lineage server run</c>.</summary>
public static class ServerProgram
{
    /// <summary>Starts a server, runs it until it is asked to stop (signal, or <paramref name="ct"/>), and stops it in order.</summary>
    /// <exception cref="LineageProblemException">It could not start; render the problem.</exception>
    public static async Task RunAsync(ServerOptions options, TimeProvider clock, CancellationToken ct)
    {
        await using var server = await LineageServer.StartAsync(options, clock, ct);
        await server.WaitForShutdownAsync(ct);
    }
}
