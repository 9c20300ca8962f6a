using System.Runtime.InteropServices;
using Lineage.Contracts.Api;

namespace Lineage.Agents.Training;

/// <summary>
/// The life of one rank: load libtorch and corpus, join the world, restore or begin, train and save, drain, report. Every way it ends is
/// an event for the launcher and an exit code; a rank never restarts itself.
/// </summary>
public static class RankProgram
{
    /// <param name="stop">Asks for a graceful end: all ranks finish the same step, save, drain and leave. SIGTERM does the same.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static Task<int> RunAsync(RankOptions options, IRankHooks hooks, TimeProvider clock, CancellationToken stop) =>
        RunAsync(options, _ => Task.FromResult(hooks), clock, stop);

    /// <param name="open">Opens the saving library; what it refuses ends the rank as any other refusal does.</param>
    /// <inheritdoc cref="RunAsync(RankOptions, IRankHooks, TimeProvider, CancellationToken)"/>
    public static async Task<int> RunAsync(
        RankOptions options, Func<CancellationToken, Task<IRankHooks>> open, TimeProvider clock, CancellationToken stop)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            stopping.Cancel();
        });
        // Ctrl-C in a terminal reaches every process of the group; the launcher decides what it means and tells the ranks by SIGTERM.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, static context => context.Cancel = true);
        using var voice = new RankVoice(options, Console.Out, clock, Console.Error.WriteLine);
        try
        {
            await using var hooks = await open(stopping.Token);
            return await new RankLife(options, hooks, voice, clock).RunAsync(stopping.Token);
        }
        catch (Exception ending)
        {
            return Explain(ending, voice);
        }
    }

    static int Explain(Exception ending, RankVoice voice)
    {
        var (code, exit) = ending switch
        {
            PeerLostException lost => (lost.Code, ExitCodes.PeerLost),
            RendezvousException lost => (lost.Code, ExitCodes.PeerLost),
            RankRefusedException refused => (refused.Code, refused.ExitCode),
            LineageProblemException problem => (problem.Code, ExitOf(problem.Code)),
            LibtorchMissingException missing => (missing.Code, ExitCodes.Failed),
            CorpusMissingException missing => (missing.Code, ExitCodes.Failed),
            StateMismatchException => (StateMismatchException.Code, ExitCodes.Failed),
            OperationCanceledException => ("interrupted", ExitCodes.Interrupted),
            _ => (ProblemCodes.Internal, ExitCodes.Failed),
        };
        if (code == ProblemCodes.Internal) voice.Log(ending.ToString());
        voice.Tell(RankEventKind.Error, e => e with { Code = code, Message = ending.Message, Peer = (ending as PeerLostException)?.Peer });
        return exit;
    }

    static int ExitOf(string code) => code switch
    {
        ProblemCodes.StaleGeneration or ProblemCodes.UnknownGeneration => ExitCodes.Fenced,
        ProblemCodes.ShardDamaged => ExitCodes.FoundDamage,
        ProblemCodes.ServerUnreachable => ExitCodes.ServerUnreachable,
        _ => ExitCodes.Failed,
    };
}

/// <summary>The phases of one rank, in order.</summary>
sealed class RankLife(RankOptions options, IRankHooks hooks, RankVoice voice, TimeProvider clock)
{
    readonly RunDirectory directory = new(options.StateDirectory, options.Run);
    bool isLossy;

    public async Task<int> RunAsync(CancellationToken stop)
    {
        if (!LauncherTie.Bind(options.LauncherProcess)) return ExitCodes.Interrupted;
        Libtorch.Load(options.CacheDirectory);
        var corpus = Corpus.Load(options.Corpus, options.Trainer.Shape.Context);
        var settings = new MeshSettings(
            options.Rank, options.WorldSize, options.Generation, options.Rendezvous, options.Token, options.Listen, options.JoinDeadline,
            options.PeerDeadline);
        await using var mesh = await voice.WhileAsync(MeshJoin.JoinAsync(settings, clock, stop));
        voice.Tell(RankEventKind.Joined);
        using var trainer = new Trainer(options.Trainer, corpus, mesh);
        voice.Log($"process {Environment.ProcessId}, corpus {corpus}, {trainer.State.Layout.Sum(t => t.Bytes):N0} bytes of state");
        await BeginAsync(trainer, stop);
        voice.Tell(RankEventKind.Ready, e => e with { Step = trainer.Step });

        var stopped = await TrainAsync(trainer, stop);
        var digest = trainer.State.Digest();
        await voice.WhileAsync(hooks.DrainAsync(CancellationToken.None));
        new FinalReport(options.Run, options.Generation, options.Rank, trainer.Step, digest).Write(directory);
        voice.Tell(RankEventKind.Done, e => e with { Step = trainer.Step, StateDigest = digest });
        return stopped ? ExitCodes.Interrupted : ExitCodes.Done;
    }

    async Task BeginAsync(Trainer trainer, CancellationToken stop)
    {
        if (options.RestorePoint is not { } point)
        {
            await voice.WhileAsync(hooks.StartedFromInitialStateAsync(trainer.State, stop));
            return;
        }

        var begun = clock.GetTimestamp();
        var outcome = await voice.WhileAsync(hooks.RestoreAsync(trainer.State, point, stop));
        await voice.WhileAsync(trainer.AfterRestoreAsync(stop));
        if (trainer.Step != point.Step)
        {
            throw new StateMismatchException(
                $"The state restored from {point} says that {trainer.Step} steps are done. Nothing was trained on it. " +
                "Verify that checkpoint; its shards are of another step. [state-mismatch]");
        }

        var (took, digest) = (Elapsed(begun), trainer.State.Digest());
        var restored = new RankEvent(RankEventKind.Restored, options.Rank, options.Generation, point.Step, took);
        voice.Tell(RankEventKind.Restored, _ => restored with { Checkpoint = point, ReadBytes = outcome.ReadBytes, StateDigest = digest });
    }

    /// <returns>True when training was stopped before its last step.</returns>
    async Task<bool> TrainAsync(Trainer trainer, CancellationToken stop)
    {
        using var losses = options.Rank.Value == 0 ? LossSeries.Append(directory.Losses) : null;
        var last = options.LastStep;
        var stopped = false;
        var since = new LossSinceSave();
        while (trainer.Step < last && !stopped)
        {
            var begun = clock.GetTimestamp();
            var outcome = await trainer.StepAsync(stop.IsCancellationRequested, CancellationToken.None);
            hooks.Trained(trainer.State, outcome.Step);
            Keep(losses, LossRecord.Of(outcome.Step, options.Generation, outcome.Loss));
            if (options.Rank.Value == 0)
                hooks.Stepped(outcome.Step, MetricNames.Loss, double.IsFinite(outcome.Loss) ? outcome.Loss : null);
            voice.Tell(RankEventKind.Step, e => e with { Step = outcome.Step, Loss = outcome.Loss, Milliseconds = Elapsed(begun) });
            since.Add(outcome.Loss);
            stopped = outcome.Stop && outcome.Step < last;
            if (!stopped && outcome.Step != last && !options.SavesAt(outcome.Step)) continue;
            // Every rank has the same loss, and has drawn as many samples; one tells it.
            if (options.Rank.Value == 0) hooks.Measured(outcome.Step, since.Metrics(trainer.ConsumedByAll));
            since = new LossSinceSave();
            await SaveAsync(trainer, stopped || outcome.Step == last);
        }

        return stopped;
    }

    /// <summary>The series is for people: a full disk costs records, and not the training.</summary>
    void Keep(LossSeries? losses, LossRecord record)
    {
        try
        {
            losses?.Add(record);
        }
        catch (IOException e)
        {
            if (!isLossy) Console.Error.WriteLine($"Losses from step {record.Step} on are not in {directory.Losses}: {e.Message}");
            isLossy = true;
        }
    }

    async Task SaveAsync(Trainer trainer, bool final)
    {
        var begun = clock.GetTimestamp();
        await hooks.SaveAsync(trainer.State, trainer.Step, final, CancellationToken.None);
        voice.Tell(RankEventKind.Saved, e => e with { Step = trainer.Step, Milliseconds = Elapsed(begun) });
    }

    /// <summary>What is recorded of the training between two saves.</summary>
    sealed class LossSinceSave
    {
        double last, sum, max = double.NegativeInfinity;
        int steps;

        public void Add(double loss)
        {
            (last, sum, steps) = (loss, sum + loss, steps + 1);
            max = Math.Max(max, loss);          // NaN stays NaN: a spike must not vanish in a mean
        }

        public Dictionary<string, double?> Metrics(long samples) => new(StringComparer.Ordinal)
        {
            [MetricNames.DataSamples] = samples,
            ["loss"] = last,
            ["loss.max"] = max,
            ["loss.mean"] = sum / steps,
        };
    }

    double Elapsed(long since) => Math.Round(clock.GetElapsedTime(since).TotalMilliseconds, 3);
}
