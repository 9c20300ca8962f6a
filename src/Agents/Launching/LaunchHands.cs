using System.ComponentModel;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using Lineage.Agents.Training;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Launching;

/// <summary>Carries out the supervisor's effects; whatever comes of them is posted back as an input. Decides nothing.</summary>
sealed class LaunchHands : IAsyncDisposable
{
    /// <summary>A lease that cannot be given back in this time runs out by itself.</summary>
    static readonly TimeSpan ReleasePatience = TimeSpan.FromSeconds(10);

    readonly LaunchOptions options;
    readonly IRecoveryPort port;
    readonly TimeProvider clock;
    readonly Action<LaunchInput> post;
    readonly RunDirectory directory;
    readonly RankFleet fleet;
    readonly StreamWriter log;
    readonly CancellationTokenSource ending = new();
    readonly List<Task> errands = [];
    RendezvousHost? rendezvous;
    bool hasStarted;

    public LaunchHands(LaunchOptions options, IRecoveryPort port, TimeProvider clock, Action<LaunchInput> post)
    {
        (this.options, this.port, this.clock, this.post) = (options, port, clock, post);
        directory = new RunDirectory(options.StateDirectory, options.Run);
        Directory.CreateDirectory(directory.Logs);
        var file = new FileStream(directory.LauncherLog, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        log = new StreamWriter(file) { AutoFlush = true };
        fleet = new RankFleet(options.Command, post, message => post(new LaunchInput.Warned(message)), clock);
    }

    public void Log(string line) =>
        log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clock.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {line}"));

    public async Task DoAsync(LaunchEffect effect)
    {
        Log(effect.ToString());
        switch (effect)
        {
            case LaunchEffect.AskStart or LaunchEffect.AskRecovery or LaunchEffect.AskAnotherChoice:
                Send(async ct => post(new LaunchInput.Answered(await AskAsync(effect, ct))), post);
                break;
            case LaunchEffect.StartRanks start:
                await StartAsync(start);
                break;
            case LaunchEffect.Terminate terminate:
                fleet.Terminate(terminate.Ranks);
                break;
            case LaunchEffect.Kill kill:
                fleet.Kill(kill.Ranks);
                break;
            case LaunchEffect.RenewLease renew:
                Send(ct => RenewAsync(renew.Generation, ct), Warn);
                break;
            case LaunchEffect.Complete complete:
                Send(ct => CompleteAsync(complete, ct), post);
                break;
            case LaunchEffect.Release release:
                await ReleaseAsync(release);
                break;
        }
    }

    Task<PortAnswer> AskAsync(LaunchEffect question, CancellationToken ct) => question switch
    {
        LaunchEffect.AskRecovery ask => port.RecoverAsync(ask.Failed, ask.Failure.Cause, ask.Failure.Ranks, ask.LastStep, ct),
        LaunchEffect.AskAnotherChoice ask => port.ChooseAgainAsync(ask.Generation, ask.Attempt, ask.Reason, ct),
        _ => port.StartAsync(options.Policy.WorldSize, ct),
    };

    async Task RenewAsync(Generation generation, CancellationToken ct)
    {
        var standing = await port.RenewLeaseAsync(generation, ct);
        if (standing != LeaseStanding.Held) post(new LaunchInput.LeaseLost(generation, RanOut: standing == LeaseStanding.RanOut));
    }

    async Task CompleteAsync(LaunchEffect.Complete complete, CancellationToken ct)
    {
        await port.CompleteAsync(complete.Generation, complete.FinalStep, complete.Digests, ct);
        post(new LaunchInput.Completed());
    }

    async Task ReleaseAsync(LaunchEffect.Release release)
    {
        using var patience = new CancellationTokenSource(ReleasePatience, clock);
        await GuardAsync(ct => port.ReleaseAsync(release.Generation, release.Reason, ct), Warn, patience.Token);
    }

    async Task StartAsync(LaunchEffect.StartRanks start)
    {
        try
        {
            if (rendezvous is not null) await rendezvous.DisposeAsync();
            var token = RandomNumberGenerator.GetHexString(64, lowercase: true);
            rendezvous = RendezvousHost.Start(options.Listen, start.Generation, options.Policy.WorldSize, token, clock);
            var ranks = fleet.Start(start.Generation, options.Policy.WorldSize, rendezvous.Address, token, start.RestorePoint);
            hasStarted = true;
            Record(start.Generation, start.RestorePoint, ranks);
        }
        catch (Exception failed) when (failed is Win32Exception or SocketException or IOException or UnauthorizedAccessException)
        {
            post(new LaunchInput.StartFailed(
                $"The ranks of generation {start.Generation} could not be started with {options.Command.Program}: {failed.Message} " +
                "Those that were started are stopped. Check the program and the state directory, then launch again."));
        }
    }

    void Record(Generation? generation, CheckpointId? restorePoint, IReadOnlyList<RankProcess> ranks) =>
        new LaunchRecord(options.Run, Environment.ProcessId, generation, restorePoint, ranks, clock.GetUtcNow()).Write(directory);

    /// <summary>Runs beside the queue, so that a slow service never delays the watch over the ranks.</summary>
    void Send(Func<CancellationToken, Task> errand, Action<LaunchInput> onFailure)
    {
        errands.RemoveAll(static e => e.IsCompleted);
        errands.Add(GuardAsync(errand, onFailure, ending.Token));
    }

    async Task GuardAsync(Func<CancellationToken, Task> errand, Action<LaunchInput> onFailure, CancellationToken ct)
    {
        try
        {
            await errand(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            Log("an errand was given up because the launch ends");
        }
        catch (LineageProblemException problem)
        {
            var exit = problem.Code == ProblemCodes.ServerUnreachable ? ExitCodes.ServerUnreachable : ExitCodes.Failed;
            onFailure(new LaunchInput.PortFailed(problem.Code, problem.Problem.Detail, exit));
        }
        catch (RecoveryPortUnreachableException away)
        {
            onFailure(new LaunchInput.PortFailed(ProblemCodes.ServerUnreachable, away.Message, ExitCodes.ServerUnreachable));
        }
        catch (Exception unexpected)
        {
            // A bug in the port must end the launch with an answer, not leave it waiting for one.
            Log(unexpected.ToString());
            onFailure(new LaunchInput.PortFailed(ProblemCodes.Internal, unexpected.Message, ExitCodes.Failed));
        }
    }

    void Warn(LaunchInput failure)
    {
        if (failure is LaunchInput.PortFailed failed) post(new LaunchInput.Warned($"{failed.Message} [{failed.Code}]"));
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await Task.WhenAll(errands);
        await fleet.DisposeAsync();
        if (rendezvous is not null) await rendezvous.DisposeAsync();
        if (hasStarted) Record(generation: null, restorePoint: null, []);   // who was refused must not wipe out who trains
        await log.DisposeAsync();
        ending.Dispose();
    }
}
