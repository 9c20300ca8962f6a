using Lineage.Contracts.Api;
using Lineage.Store;
using Marten;
using Microsoft.Extensions.Logging;

namespace Lineage.Hosting;

/// <summary>Entry point of <c>lineage server rebuild</c>: every row again from the events, compared with what was there.</summary>
/// <remarks>The lock of the state directory keeps a server away meanwhile; of a database that was given, the caller has to see to it that
/// no server runs. If it dies half-way, rows are missing and events are whole: run it again.</remarks>
public static class RebuildProgram
{
    /// <summary>Runs read side by side.</summary>
    const int Parallel = 2;

    /// <returns>Whether every row is what it was.</returns>
    /// <exception cref="LineageProblemException">It could not start; render the problem.</exception>
    public static async Task<bool> RunAsync(ServerOptions options, TimeProvider clock, CancellationToken ct)
    {
        using var state = StateDirectory.Open(options.StateDirectory);
        using var logging = LoggerFactory.Create(ServerLogging.Configure);
        await using var postgres = options.ConnectionString is { Length: > 0 } ? null
            : await PrivatePostgres.StartAsync(state, clock, logging.CreateLogger<PrivatePostgres>(), ct);
        await using var database = await Database.OpenAsync(postgres?.ConnectionString ?? options.ConnectionString!, ct);
        using var store = DocumentStore.For(marten => MartenSetup.Configure(marten, database, clock));
        await MartenSetup.ApplyAsync(store, database, ct);
        var rebuild = new ProjectionRebuild(store, database);
        var before = await rebuild.DigestsAsync(ct);
        await rebuild.RunAsync(Parallel, (done, all) => options.Narrate?.Invoke($"{done:N0} of {all:N0} runs built again"), ct);
        var after = await rebuild.DigestsAsync(ct);
        foreach (var (table, digest) in after)
            options.Narrate?.Invoke(string.Equals(before[table], digest, StringComparison.Ordinal)
                ? $"{table}: {digest}, as before" : $"{table}: {digest}; before it was {before[table]}");
        return after.All(pair => string.Equals(before[pair.Key], pair.Value, StringComparison.Ordinal));
    }
}
