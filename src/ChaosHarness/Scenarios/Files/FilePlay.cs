using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.PowerLoss;
using Lineage.ChaosHarness.Scenarios.Real;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>
/// Plays a schedule against real processes: starts the run, strikes when a moment has come, heals when that has, starts a launcher again
/// that died, and ends when training did. Every wait is bounded.
/// </summary>
sealed class FilePlay(Stage stage, Schedule schedule, FileWorld home)
{
    const int LaunchesMax = 40;

    static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(25), PlayMax = TimeSpan.FromSeconds(240),
        LastsOtherwise = TimeSpan.FromSeconds(1.5);

    readonly FaultClock[] faults = [.. schedule.Faults.Select(one => new FaultClock(one, FaultMoment.Of(one, schedule.World.Ranks)))];
    long began;
    int launches;

    /// <summary>Changes when everything had to be started again.</summary>
    public Stage Stage { get; private set; } = stage;

    public TrainingWorld World => Stage.World;

    public LoopDisk? Disk => home.Disk;

    public LoopDisk? BrokerDisk => home.BrokerDisk;

    /// <summary>The one that is to train to the end; null while there is none.</summary>
    public ChildProcess? Launcher { get; private set; }

    /// <summary>Ranks that stand still because a fault says so.</summary>
    public HashSet<int> Paused { get; } = [];

    /// <summary>What ends the harm of a fault, by its number in the file; whatever is left there when the play is over is ended
    /// then.</summary>
    public Dictionary<int, IAsyncDisposable> Held { get; } = [];

    /// <summary>What the run reaches the service through.</summary>
    public FileLinks Links { get; private set; } = FileLinks.Of(schedule, stage.World, stage.Clock);

    /// <summary>How long a fault lasts that somebody has to end.</summary>
    public static TimeSpan Lasting(ScheduledFault fault) =>
        fault.Until is { } until ? TimeSpan.FromMilliseconds(until.AfterMs) : LastsOtherwise;

    public async Task PlayAsync()
    {
        try
        {
            await PlayToTheEndAsync();
        }
        finally
        {
            foreach (var held in Held.Values) await held.DisposeAsync();   // of a play that broke off
            await Links.DisposeAsync();
        }
    }

    /// <summary>Ends the harm that a fault has kept in <see cref="Held"/>.</summary>
    public static async Task ReleaseAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.Held.Remove(fault.Id, out var held)) await held.DisposeAsync();
    }

    /// <summary>Lets the rank go on that stands still so that this fault strikes at its moment: only then can the harm be seen.</summary>
    public void LetGo(ScheduledFault fault)
    {
        // Who is traced does not look stopped; who is not stopped does not mind.
        if (FaultMoment.Of(fault, schedule.World.Ranks) is { } moment && ProcessOf(moment.Rank) is { } process && !Paused.Contains(process))
            ChildProcess.Send(process, Signal.Continue);
    }

    async Task PlayToTheEndAsync()
    {
        began = Stage.Clock.GetTimestamp();
        var operations = new FileOperations(this, schedule.Operations);
        Launch();
        while (true)
        {
            var sight = await FaultSight.LookAsync(Stage);
            foreach (var fault in faults) await StrikeAsync(fault, sight);
            foreach (var fault in faults) await HealAsync(fault, sight);
            await operations.StepAsync(sight.Checkpoints);
            if (await IsOverAsync() && operations.IsIdle) break;
            if (Stage.Clock.GetElapsedTime(began) > PlayMax)
                throw new WorldException($"The run was not over {PlayMax.TotalSeconds:N0} s after its start:\n{Launcher?.Tail(6)}");
            await Task.Delay(Poll, Stage.Clock, Stage.Cancellation);
        }

        foreach (var fault in faults) await HealAsync(fault, sight: null);
        Stage.Healed(fault: null, "everything");
        operations.GiveUp();
        foreach (var fault in faults.Where(static one => !one.HasStruck))
            Stage.Record.Miss($"fault {fault.Fault.Id} ({fault.Fault.Kind}) never struck: its moment did not come, or it met nothing");
        await Stage.JudgeEndAsync(losses: false);   // a kill may tear the file of losses, which promises nothing
    }

    public void Launch()
    {
        launches++;
        var stops = string.Join("; ", faults.Select(static one => one.Moment?.Clause()).OfType<string>());
        Launcher = Stage.LaunchOver(Links.Broker, stops.Length == 0 ? null : stops, Links.Arguments);
    }

    /// <summary>Everything was killed: a new world over the same data, in which the run has to be started again.</summary>
    public async Task StartAgainAsync()
    {
        Launcher = null;
        Stage = Stage.In(await home.StartAgainAsync(Stage.Cancellation));
        await Links.DisposeAsync();
        Links = FileLinks.Of(schedule, Stage.World, Stage.Clock);
    }

    /// <summary>Process of the rank that a fault names, if it lives and is a child of our launcher.</summary>
    public int? RankOf(ScheduledFault fault) => FileCheck.RankOf(fault.Target) is { } rank ? ProcessOf(rank) : null;

    public int Ranks => schedule.World.Ranks;

    public IReadOnlyList<int> RankProcesses() =>
        [.. Enumerable.Range(0, schedule.World.Ranks).Select(ProcessOf).OfType<int>()];

    int? ProcessOf(int rank) => Launcher is { HasExited: false } launcher && Stage.ProcessOf(rank) is { } process
        && ProcessTable.Of(process)?.Parent == launcher.Id ? process : null;

    /// <summary>Whether training ended; a launcher that died or was refused is started again.</summary>
    async Task<bool> IsOverAsync()
    {
        if (Launcher is { HasExited: false }) return false;
        if (Launcher is not null && await Launcher.WaitAsync(Stage.Cancellation) is ExitCodes.Done or ExitCodes.Partial) return true;
        if (launches >= LaunchesMax)
        {
            Stage.Must(holds: false, $"the run did not end after {launches} launches; the last one printed:\n{Launcher?.Tail(6)}");
            return true;
        }

        Launch();
        return false;
    }

    async Task StrikeAsync(FaultClock one, FaultSight sight)
    {
        if (one.HasStruck) return;
        var now = Stage.Clock.GetElapsedTime(began);
        var stopped = one.Moment is { } moment && IsNext(one) ? StoppedAt(moment) : null;
        if (stopped is not null || one.Fault.When is { } when && one.Moment is null && sight.HasCome(when)) one.SeenAt ??= now;
        if (one.IsDue(now)) await TryAsync(one);

        if (stopped is { } process && !Paused.Contains(process)) ChildProcess.Send(process, Signal.Continue);
    }

    /// <summary>Where there is nothing to harm yet it is tried again with every look.</summary>
    async Task TryAsync(FaultClock one)
    {
        if (await DoAsync(one.Fault) is { } seen)
        {
            one.StruckAt = Stage.Clock.GetElapsedTime(began);
            one.Number = Stage.Inject(one.Fault.Kind, one.Fault.Target, one.Fault.When.Event ?? "");
            Stage.TookEffect(one.Number, seen);
        }
        else
        {
            await ReleaseAsync(this, one.Fault);
            if (one.Tries++ == 0) Stage.Note("nemesis", "nothing to harm yet", $"{one.Fault.Kind} on {one.Fault.Target}");
        }
    }

    /// <summary>A service that is away cannot be asked what there is to harm.</summary>
    async Task<string?> DoAsync(ScheduledFault fault)
    {
        try
        {
            return await RealInjectors.All[fault.Kind].Do(this, fault);
        }
        catch (Exception away) when (away is HttpRequestException or TaskCanceledException && !Stage.Cancellation.IsCancellationRequested)
        {
            Stage.Note("nemesis", "the service is away", away.Message);
            return null;
        }
    }

    /// <summary>Of the moments of one rank the earliest comes first.</summary>
    bool IsNext(FaultClock one) => !faults.Any(other => other.Moment?.Rank == one.Moment!.Rank && other.SeenAt is null
        && (other.Moment.Occurrence, other.Moment.Step).CompareTo((one.Moment.Occurrence, one.Moment.Step)) < 0);

    int? StoppedAt(FaultMoment moment) =>
        ProcessOf(moment.Rank) is { } process && !Paused.Contains(process) && Stage.IsStopped(process) ? process : null;

    /// <param name="sight">Null: the end has come for all harm.</param>
    async Task HealAsync(FaultClock one, FaultSight? sight)
    {
        if (one.StruckAt is not { } struck || one.IsHealed || RealInjectors.All[one.Fault.Kind].Heal is not { } heal) return;
        var due = one.Fault.Until is { Event: not null } until ? sight?.HasCome(until) != false
            : Stage.Clock.GetElapsedTime(began) - struck >= Lasting(one.Fault);
        if (!due && sight is not null) return;
        one.IsHealed = true;
        await heal(this, one.Fault);
        Stage.Healed(one.Number, one.Fault.Kind);
    }
}

/// <summary>Where one fault stands.</summary>
sealed class FaultClock(ScheduledFault fault, FaultMoment? moment)
{
    public ScheduledFault Fault => fault;

    public FaultMoment? Moment => moment;

    /// <summary>When its moment came; it strikes so much later as the schedule says.</summary>
    public TimeSpan? SeenAt { get; set; }

    public TimeSpan? StruckAt { get; set; }

    public bool HasStruck => StruckAt is not null;

    public bool IsHealed { get; set; }

    /// <summary>In vain.</summary>
    public int Tries { get; set; }

    /// <summary>In the journal.</summary>
    public int Number { get; set; }

    public bool IsDue(TimeSpan now) => fault.When.Event is null
        ? now.TotalMilliseconds >= fault.When.AfterMs
        : SeenAt is { } seen && (now - seen).TotalMilliseconds >= fault.When.AfterMs;
}
