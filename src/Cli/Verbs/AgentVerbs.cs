using System.CommandLine;
using System.Runtime.InteropServices;
using Lineage.Agents.Keeping;
using Lineage.Agents.Launching;
using Lineage.Agents.Saving;
using Lineage.Agents.Tiers;
using Lineage.Agents.Training;
using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Witnesses;
using Lineage.Cli.Telemetry;
using Lineage.Cli.Terminal;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Verbs;

/// <summary><c>agent rank</c>, which only a launcher starts, and <c>keeper run</c>.</summary>
internal static class AgentVerbs
{
    public static Command Agent(Globals globals)
    {
        var training = new TrainingInputs();
        var rank = new Command("rank", "One training rank; started by launch, which tells it the rest through the environment.");
        training.AddTo(rank);
        globals.Runs(rank, (call, _) => RankAsync(call, training));
        return new Command("agent", "Processes that launch starts.") { Hidden = true, Subcommands = { rank } };
    }

    /// <summary>
    /// Not cancelled by Ctrl-C: in a terminal that reaches every process of the group, and the launcher decides what it means for the
    /// ranks.
    /// </summary>
    static async Task<int> RankAsync(Invocation call, TrainingInputs training)
    {
        var start = RankStart.FromEnvironment(Environment.GetEnvironmentVariable);
        var directory = new RunDirectory(call.StateDirectory, training.Run(call));
        var options = new RankOptions(
            directory.Run, start.Generation, start.Rank, start.WorldSize, call.StateDirectory, start.Rendezvous, start.Token,
            training.LastStep(call), training.SaveEvery(call), start.RestorePoint, training.Trainer(call), training.Corpus(call),
            start.LauncherProcess);
        var actor = Contracts.Identity.ActorId.Parse($"rank:{directory.Run}/{start.Generation}/{start.Rank}");
        using var export = AgentExport.Start("rank", actor.Value);
        var saver = new SaverOptions(directory.Run, start.Generation, start.Rank, start.WorldSize, actor, directory.Root);
        var fault = Environment.GetEnvironmentVariable(KillAtDurableStep.Variable);
        using var journal = Journal(call, $"rank:{start.Rank}");
        var watched = new WatchedRank(directory.Run, start.Generation, start.Rank, start.WorldSize);
        var saving = Witness.Over(
            new RankSavingOptions(call.ServerAddress, call.StoreDirectory, Facts.Broker(call), saver), journal);
        return await RankProgram.RunAsync(
            options,
            async ct => Witness.Over(
                await RankSaving.OpenAsync(
                    saving, call.Clock, Console.Error.WriteLine, KillAtDurableStep.Armed(fault, start.Rank, start.Generation), ct),
                watched, journal),
            call.Clock, CancellationToken.None);
    }

    /// <summary>Null unless a harness watches this process; by the machine's clock, whatever this process is told.</summary>
    public static JournalWriter? Journal(Invocation call, string process) => JournalWriter.Armed(
        Environment.GetEnvironmentVariable(JournalWriter.Variable), process, FaultyClock.Machine(call.Clock));

    public static Command Keeper(Globals globals)
    {
        var parallel = Inputs.Count("--parallel", "Shards read at the same time", Math.Max(1, Environment.ProcessorCount / 2), 1, 1024);
        var run = globals.Runs(new Command("run", "Verifies what is stored, and deletes what retention let go of.") { parallel },
            async (call, ct) =>
        {
            var actor = Invocation.ActorOf("keeper", $"{Environment.MachineName}/{Environment.ProcessId}");
            using var export = AgentExport.Start("keeper", actor.Value);
            using var client = call.Client(actor);
            await using var publisher = await Facts.PublisherAsync(call, client, ct);
            var options = KeeperOptions.Default(actor) with { Parallel = call.Value(parallel) };
            call.Outlet.Narrate($"Keeper of {call.StoreDirectory} for {client.Server}; reads {options.Parallel} shards at a time.");
            using var journal = Journal(call, "keeper");
            var tier = Witness.Over(new LocalDirectoryTier(call.StoreDirectory), journal);
            var keeper = new Keeper(options, client, publisher, tier, call.Clock, call.Outlet.Narrate);
            await keeper.RunAsync(ct);
            return Stopped();
        });
        return new Command("keeper", "Works near the stored bytes.") { run };
    }

    /// <summary>A service that is stopped by SIGTERM has done its work; Ctrl-C is a person who interrupts.</summary>
    public static int Stopped() => Interruption.Asked is PosixSignal.SIGINT ? ExitCodes.Interrupted : ExitCodes.Done;
}
