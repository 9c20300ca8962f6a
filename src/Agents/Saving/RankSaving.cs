using System.Globalization;
using Lineage.Agents.Client;
using Lineage.Agents.Reporting;
using Lineage.Agents.Restoring;
using Lineage.Agents.Tiers;
using Lineage.Agents.Training;
using Lineage.Contracts.Api;

namespace Lineage.Agents.Saving;

/// <summary>Everything that a rank's saving library is told from outside.</summary>
/// <param name="StoreRoot">Directory of the object store.</param>
/// <param name="Broker">RabbitMQ to publish facts to; null: they are posted to the server.</param>
public sealed record RankSavingOptions(Uri Server, string StoreRoot, Uri? Broker, SaverOptions Saver)
{
    /// <summary>What stands before the store; a witness of a test may. In production nothing does.</summary>
    public Func<ITier, ITier> OverTier { get; init; } = static tier => tier;

    /// <summary>Likewise before the service or broker that facts are handed to.</summary>
    public Func<IFactPublisher, IFactPublisher> OverPublisher { get; init; } = static publisher => publisher;

    public static string OutboxDirectory(SaverOptions saver) =>
        Path.Combine(saver.RunDirectory, string.Create(CultureInfo.InvariantCulture, $"outbox-r{saver.Rank}"));
}

/// <summary>Puts the saving and restoring library of one rank together.</summary>
public static class RankSaving
{
    /// <summary>
    /// Reports the rank to the service, opens its outbox, begins to deliver what an earlier process left there, and removes what died
    /// half written.
    /// </summary>
    /// <param name="report">One line for the rank's log.</param>
    /// <param name="steps">Watches durable steps; null in production.</param>
    /// <exception cref="RankRefusedException">A newer generation writes the run (exit code 71).</exception>
    /// <exception cref="LineageProblemException">directory-unwritable, disk-full.</exception>
    public static async Task<SavingHooks> OpenAsync(
        RankSavingOptions options, TimeProvider clock, Action<string> report, IDurableSteps? steps, CancellationToken ct)
    {
        var saver = options.Saver;
        var credential = Credential.FromEnvironment(Environment.GetEnvironmentVariable);
        var client = new LineageClient(new ClientOptions(options.Server, saver.Actor) { Credential = credential }, clock);
        await JoinAsync(client, saver, report, ct);
        var tier = options.OverTier(new LocalDirectoryTier(options.StoreRoot));
        var outbox = Outbox.Open(RankSavingOptions.OutboxDirectory(saver), problem => report($"{problem.Detail} [{problem.Code}]"));
        var publisher = options.OverPublisher(
            options.Broker is { } broker ? new BrokerFactPublisher(broker, clock) : new HttpFactPublisher(client));
        var pump = OutboxPump.For(outbox, publisher, client, clock, report, steps);
        pump.Start();
        var parts = new SaverParts(
            new CheckpointPort(client), tier, outbox, pump, new Restorer(tier, clock), clock, steps ?? NoSteps.Instance, report,
            new LayoutVoice(client.PutLayoutAsync, report));
        return new SavingHooks(
            saver, client, parts, MetricsRecorder.For(client, report), SeriesTeller.For(client, saver.Run, report, clock),
            [pump, publisher]);
    }

    /// <summary>A service that is away does not keep a rank from training; a service that says "stale" does.</summary>
    static async Task JoinAsync(LineageClient client, SaverOptions saver, Action<string> report, CancellationToken ct)
    {
        try
        {
            var body = new JoinRank(Environment.MachineName, Environment.ProcessId, saver.Actor);
            await client.JoinRankAsync(saver.Run, saver.Generation, saver.Rank, body, ct);
        }
        catch (LineageProblemException e) when (e.Code == ProblemCodes.StaleGeneration)
        {
            throw new RankRefusedException(e.Code, ExitCodes.Fenced, e.Problem.Detail, e);
        }
        catch (LineageProblemException e) when (LineageClient.IsTransient(e.Problem))
        {
            report($"The rank could not report in: {e.Problem.Detail}");
        }
    }
}
