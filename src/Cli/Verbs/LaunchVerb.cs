using System.CommandLine;
using Lineage.Agents.Client;
using Lineage.Agents.Launching;
using Lineage.Agents.Reporting;
using Lineage.Agents.Restoring;
using Lineage.Agents.Tiers;
using Lineage.Agents.Training;
using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Witnesses;
using Lineage.Cli.Rendering;
using Lineage.Cli.Terminal;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary><c>launch</c>: starts the ranks of a run on this machine, watches them, and recovers until the run is complete.</summary>
internal sealed class LaunchVerb
{
    const int CheckpointsMax = 100_000;

    readonly TrainingInputs training = new();
    readonly Option<int> ranks = Inputs.Count("-n", "Rank processes", 2, 1, 1024, "--ranks");
    readonly Option<int> fullEvery = Inputs.Count("--full-every", "Saves from one full checkpoint to the next",
        SavePolicy.Default.FullEvery, 1, 10_000);
    readonly Option<int> chainDepthMax = Inputs.Count(
        "--chain-depth-max", "Deltas that a chain may have where they are small; 1 keeps every delta on a full checkpoint",
        SavePolicy.ChainDepthDefault, 1, SavePolicy.ChainDepthCeiling);
    readonly Option<long?> restoreBudget = Inputs.Value<long>(
        "--restore-budget", "What restoring a checkpoint may be expected to read, all ranks together, before a full one is due " +
        "(default: no bound); for example 40GiB.", "SIZE", Units.ParseBytes);
    readonly Option<int> deadline = Inputs.Count(
        "--save-deadline", "Seconds until an unfinished save is abandoned", SavePolicy.Default.SaveDeadlineSeconds, 1, 86_400);
    readonly Option<int> lease = Inputs.Count("--lease", "Seconds a lease holds without renewal", SavePolicy.Default.LeaseSeconds, 1,
        86_400);
    readonly Option<int> restarts = Inputs.Count("--restarts", "Restarts of the ranks before giving up", 10, 0, 1_000_000);
    public static Command Create(Globals globals)
    {
        var verb = new LaunchVerb();
        var command = new Command("launch", "Trains a run with rank processes on this machine; asks the service where to start from.")
        {
            verb.ranks, verb.fullEvery, verb.chainDepthMax, verb.restoreBudget, verb.deadline, verb.lease, verb.restarts,
        };
        verb.training.AddTo(command);
        return globals.Runs(command, verb.RunAsync);
    }

    async Task<int> RunAsync(Invocation call, CancellationToken ct)
    {
        var run = training.Run(call);
        RefuseWhatNoRankCouldTrain(call);
        var world = new WorldSize(call.Value(ranks));
        var holder = Invocation.ActorOf("launcher", $"{Environment.MachineName}/{Environment.ProcessId}");
        using var client = call.Client(holder);
        await RefuseStepsThatAreDoneAsync(client, run, training.LastStep(call), ct);
        await using var publisher = await Facts.PublisherAsync(call, client, ct);
        var options = new LaunchOptions(run, call.StateDirectory, PolicyOf(call, world), RankCommandOf(call));
        var narrator = new LaunchNarrator(call, run, training.LastStep(call), world);
        using var journal = AgentVerbs.Journal(call, "launcher");
        var tier = Witness.Over(new LocalDirectoryTier(call.StoreDirectory), journal);
        var result = await Launcher.RunAsync(options, PortOf(call, run, holder, client, publisher, tier), call.Clock, narrator.Hear, ct);
        narrator.Settle();
        return result.End.ExitCode is ExitCodes.Done ? await CompletedAsync(call, client, run, result, ct) : Ended(call, run, result);
    }

    /// <summary>
    /// Trained to the end. Saves that the last generation lost on the way are no secret and no success: training goes on without them,
    /// the exit code says so.
    /// </summary>
    static async Task<int> CompletedAsync(Invocation call, LineageClient client, RunId run, LaunchResult result, CancellationToken ct)
    {
        var views = await Invocation.AllAsync<CheckpointView>(
            (after, limit, token) => client.ListCheckpointsAsync(run, after, limit, token), CheckpointsMax, ct);
        var ours = views.Where(view => view.Checkpoint.Generation == result.Generation).ToArray();
        // Ranks drain before they end, so a save that is still open now will be abandoned: nobody is left to finish it.
        var lost = ours.Count(static view => view.Phase is CheckpointPhase.Abandoned or CheckpointPhase.Open);
        var view = new LaunchView(run, result, ours.Length, lost);
        call.Outlet.Write(Answer.One(view, run.ToString(), screen => LaunchPage.Draw(view, screen)));
        return lost == 0 ? ExitCodes.Done : ExitCodes.Partial;
    }

    static int Ended(Invocation call, RunId run, LaunchResult result)
    {
        if (result.End.ExitCode is ExitCodes.Interrupted)
            call.Outlet.Narrate(result.End.Message);
        else
            call.Outlet.Write(Problem.Of(result.End.Code ?? ProblemCodes.Internal, 500, $"{run} ended",
                Failures.WithoutCode(result.End.Message)),
                result.End.ExitCode);
        return result.End.ExitCode;
    }

    /// <summary>Before a generation is granted for nothing.</summary>
    void RefuseWhatNoRankCouldTrain(Invocation call)
    {
        Corpus.Load(training.Corpus(call), training.Trainer(call).Shape.Context);
        KillAtDurableStep.Armed(Environment.GetEnvironmentVariable(KillAtDurableStep.Variable), default, new Generation(1));
    }

    /// <summary>A run that is further than that would be declared complete at a step that it has left behind.</summary>
    static async Task RefuseStepsThatAreDoneAsync(LineageClient client, RunId run, Step last, CancellationToken ct)
    {
        await client.GetServiceAsync(ct);
        try
        {
            if ((await client.GetRunAsync(run, ct)).NewestVerified is not { } newest || newest.Step <= last) return;
            throw new LineageProblemException(Problem.Of(
                ProblemCodes.BadRequest, 400, "Those steps are done",
                $"{run} would go on from {newest}, which is beyond --steps {last}. Nothing was started. " +
                $"Give more than {newest.Step} steps, or another run."));
        }
        catch (LineageProblemException none) when (none.Code is ProblemCodes.NoSuchRun or ProblemCodes.NotFound)
        {
            // The run begins with this launch.
        }
    }

    LaunchPolicy PolicyOf(Invocation call, WorldSize world) =>
        LaunchPolicy.Of(world, training.LastStep(call)) with { RestartsMax = call.Value(restarts) };

    RecoveryPort PortOf(Invocation call, RunId run, ActorId holder, LineageClient client, IFactPublisher publisher, ITier tier)
    {
        var parallel = Math.Max(1, Environment.ProcessorCount);
        return new RecoveryPort(
            new RecoveryPortOptions(run, holder, SavePolicyOf(call), training.Labels(call), parallel), client, publisher,
            new ChainVerifier(tier, call.Clock), call.Clock);
    }

    /// <summary>Null when nothing of it was given: what was not asked for must not differ from what an existing run has.</summary>
    SavePolicy? SavePolicyOf(Invocation call) =>
        new Option[] { fullEvery, chainDepthMax, restoreBudget, deadline, lease }.Any(call.IsGiven)
            ? SavePolicy.Default with
            {
                FullEvery = call.Value(fullEvery),
                SaveDeadlineSeconds = call.Value(deadline),
                LeaseSeconds = call.Value(lease),
                ChainDepthMax = call.IsGiven(chainDepthMax) ? call.Value(chainDepthMax) : null,
                RestoreBytesMax = call.Value(restoreBudget),
            }
            : null;

    RankCommand RankCommandOf(Invocation call)
    {
        string[] arguments =
        [
            "agent", "rank", "--server", call.ServerAddress.ToString(), "--state", call.StateDirectory, "--store", call.StoreDirectory,
            .. training.Arguments(call),
        ];
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("This process does not know its own executable.");
        return Path.GetFileNameWithoutExtension(program) is "dotnet"
            ? new RankCommand(program, [typeof(LaunchVerb).Assembly.Location, .. arguments])
            : new RankCommand(program, arguments);
    }
}
