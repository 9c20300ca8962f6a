using System.Net;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Lineage.Agents.Client;
using Lineage.Agents.Training;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Launching;

/// <param name="StateDirectory">Root of the state directory.</param>
/// <param name="Command">How to start a rank.</param>
public sealed record LaunchOptions(RunId Run, string StateDirectory, LaunchPolicy Policy, RankCommand Command)
{
    /// <summary>Where the rendezvous listens; loopback unless ranks run on several hosts.</summary>
    public IPAddress Listen { get; init; } = IPAddress.Loopback;
}

/// <summary>
/// Does what the <see cref="LaunchSupervisor"/> decides: one queue of inputs, one reader, effects in order. SIGTERM and Ctrl-C ask for a
/// graceful stop, a second one kills the ranks. If this process dies, the kernel kills the ranks with it and the lease runs out.
/// </summary>
public sealed class Launcher : IAsyncDisposable
{
    static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan SecondSignal = TimeSpan.FromMilliseconds(500);

    readonly LaunchOptions options;
    readonly TimeProvider clock;
    readonly Action<LaunchNote> narrate;
    readonly LaunchHands hands;
    readonly Channel<LaunchInput> inputs = Channel.CreateUnbounded<LaunchInput>(new UnboundedChannelOptions { SingleReader = true });
    readonly CancellationTokenSource ending = new();
    readonly List<RecoveryTiming> recoveries = [];
    readonly List<double> stalls = [];
    LaunchState state;
    long stopAskedAt;

    Launcher(LaunchOptions options, IRecoveryPort port, TimeProvider clock, Action<LaunchNote> narrate)
    {
        (this.options, this.clock, this.narrate) = (options, SteadyClock.Over(clock), narrate);
        hands = new LaunchHands(options, port, clock, Post);
        state = LaunchState.Initial(options.Policy);
    }

    /// <param name="narrate">Told what happens, from one thread, in order.</param>
    /// <param name="stop">Asks for a graceful stop.</param>
    public static async Task<LaunchResult> RunAsync(
        LaunchOptions options, IRecoveryPort port, TimeProvider clock, Action<LaunchNote> narrate, CancellationToken stop)
    {
        await using var launcher = new Launcher(options, port, clock, narrate);
        return await launcher.RunAsync(stop);
    }

    async Task<LaunchResult> RunAsync(CancellationToken stop)
    {
        using var onStop = stop.Register(() => AskToStop(again: false));
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        var beat = BeatAsync();
        Post(new LaunchInput.Begin());
        await foreach (var input in inputs.Reader.ReadAllAsync(CancellationToken.None))
        {
            Observe(input);
            var step = LaunchSupervisor.Step(state, input, clock.GetUtcNow());
            state = step.State;
            foreach (var effect in step.Effects)
            {
                Tell(effect);
                await hands.DoAsync(effect);
            }

            if (state.End is not null) break;
        }

        await ending.CancelAsync();
        await beat;
        var result = new LaunchResult(state.End!, state.Generation, state.Restarts, recoveries, stalls);
        LaunchResultFile.Write(new RunDirectory(options.StateDirectory, options.Run), result);
        return result;
    }

    void Post(LaunchInput input) => inputs.Writer.TryWrite(input);

    void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        AskToStop(again: true);
    }

    /// <summary>One Ctrl-C may arrive as signal and as token; only a later signal is a second wish.</summary>
    void AskToStop(bool again)
    {
        var now = clock.GetTimestamp();
        var first = Interlocked.CompareExchange(ref stopAskedAt, now, 0);
        if (first == 0 || (again && clock.GetElapsedTime(first, now) > SecondSignal)) Post(new LaunchInput.StopAsked());
    }

    async Task BeatAsync()
    {
        using var timer = new PeriodicTimer(Beat, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(ending.Token)) Post(new LaunchInput.Tick());
        }
        catch (OperationCanceledException)
        {
            return;                             // the launch has ended
        }
    }

    void Observe(LaunchInput input)
    {
        switch (input)
        {
            case LaunchInput.RankSpoke { Event: var said }:
                if (said is { Event: RankEventKind.Saved, Milliseconds: { } stall }) stalls.Add(stall);
                narrate(new LaunchNote.RankSaid(said));
                break;
            case LaunchInput.Answered { Answer: PortAnswer.Granted granted }:
                narrate(new LaunchNote.GenerationStarted(granted.Generation, granted.RestorePoint, granted.Why));
                break;
            case LaunchInput.Warned warned:
                hands.Log(warned.Message);
                narrate(new LaunchNote.Warned(warned.Message));
                break;
            case LaunchInput.RankExited exited:
                hands.Log($"rank {exited.Rank} of generation {exited.Generation} exited with {exited.ExitCode}");
                break;
        }
    }

    void Tell(LaunchEffect effect)
    {
        switch (effect)
        {
            case LaunchEffect.ReportFailure failed:
                narrate(new LaunchNote.GenerationFailed(failed.Generation, failed.Failure));
                break;
            case LaunchEffect.ReportRecovery recovered:
                recoveries.Add(recovered.Timing);
                narrate(new LaunchNote.Recovered(recovered.Timing));
                break;
            case LaunchEffect.Finish finish:
                narrate(new LaunchNote.Ended(finish.End));
                break;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await hands.DisposeAsync();
        ending.Dispose();
    }
}
