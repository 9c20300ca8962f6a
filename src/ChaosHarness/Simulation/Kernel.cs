namespace Lineage.ChaosHarness.Simulation;

/// <summary>What a process waits for: time, a signal (or time, whichever is first), or the end of another piece of work.</summary>
public readonly record struct Wait(long Ms, Signal? On, IEnumerator<Wait>? Call)
{
    public static Wait For(long ms) => new(ms, On: null, Call: null);

    public static Wait Until(Signal on, long withinMs) => new(withinMs, on, Call: null);

    public static Wait Through(IEnumerator<Wait> call) => new(0, On: null, call);
}

/// <summary>Something that happens once; whoever waits goes on then.</summary>
public sealed class Signal
{
    readonly List<(Actor Actor, long Turn)> waiting = [];

    public bool IsSet { get; private set; }

    internal void Add(Actor actor, long turn) => waiting.Add((actor, turn));

    public void Set(Kernel kernel)
    {
        if (IsSet) return;
        IsSet = true;
        foreach (var (actor, turn) in waiting) kernel.Wake(actor, turn, 0);
        waiting.Clear();
    }
}

/// <summary>One simulated process: a stack of iterators. It dies between two steps and may be held still at any.</summary>
public sealed class Actor(string name, int id, IEnumerator<Wait> work)
{
    internal Stack<IEnumerator<Wait>> Frames { get; } = new([work]);

    /// <summary>Counts its steps; a wake-up for an earlier step is out of date.</summary>
    internal long Turn { get; set; }

    internal bool Missed { get; set; }

    public string Name => name;

    public int Id => id;

    public bool IsAlive { get; internal set; } = true;

    public bool IsPaused { get; internal set; }
}

/// <summary>
/// Virtual time and one thread. Steps are taken in order of (virtual time, seeded tie-break), so a seed settles every interleaving; time
/// jumps from one step to the next. Every step goes into a rolling hash: two runs of one schedule with different hashes mean that
/// something outside the seed had a say.
/// </summary>
public sealed class Kernel(long seed)
{
    /// <summary>A history that takes more steps is stuck in a loop, which is a defect of the simulator or of what it runs.</summary>
    const int StepsMax = 200_000;

    readonly PriorityQueue<(Actor Actor, long Turn), (long At, ulong Tie)> queue = new();
    readonly SeededStream ties = SeededStream.Of(seed, purpose: 1);
    int actors;

    public long NowMs { get; private set; }

    public long Steps { get; private set; }

    /// <summary>Over (time, process, step) of everything so far.</summary>
    public ulong TraceHash { get; private set; } = SeededStream.Mix((ulong)seed);

    /// <summary>Told, where somebody listens, who did what at <see cref="NowMs"/>: every step, every entry of the journal.</summary>
    public Action<string, string>? Tape { get; set; }

    public Actor Spawn(string name, IEnumerator<Wait> work, long afterMs = 0)
    {
        var actor = new Actor(name, ++actors, work);
        Wake(actor, 0, afterMs);
        return actor;
    }

    public static void Kill(Actor actor)
    {
        actor.IsAlive = false;
        foreach (var frame in actor.Frames) frame.Dispose();
        actor.Frames.Clear();
    }

    public static void Pause(Actor actor) => actor.IsPaused = true;

    public void Resume(Actor actor)
    {
        actor.IsPaused = false;
        if (!actor.Missed) return;
        actor.Missed = false;
        Wake(actor, actor.Turn, 0);
    }

    /// <summary>A wait of at least so long is a timer; what is shorter is the time that work takes.</summary>
    const long TimerMs = 20;

    /// <summary>Timers that are set from now on and would fire before this time fire then, all together.</summary>
    public long TimersLateUntilMs { get; set; }

    internal void Wake(Actor actor, long turn, long afterMs)
    {
        var at = NowMs + afterMs;
        if (afterMs >= TimerMs && at < TimersLateUntilMs) at = TimersLateUntilMs;
        queue.Enqueue((actor, turn), (at, ties.Next()));
    }

    /// <summary>Mixes what happened into the trace.</summary>
    public void Trace(long what, long value) =>
        TraceHash = SeededStream.Mix(unchecked((TraceHash * 31) + (ulong)what) ^ (ulong)value);

    /// <summary>Takes steps until the time is reached or <paramref name="done"/> says so, which is asked now and then.</summary>
    public void Run(long untilMs, Func<bool>? done = null)
    {
        while (queue.TryPeek(out _, out var next) && next.At <= untilMs)
        {
            var (actor, turn) = queue.Dequeue();
            NowMs = next.At;
            if (!actor.IsAlive || turn != actor.Turn) continue;
            if (actor.IsPaused) actor.Missed = true;
            else Step(actor);
            if ((Steps & 15) == 0 && done?.Invoke() == true) return;
        }

        NowMs = Math.Max(NowMs, untilMs);
    }

    void Step(Actor actor)
    {
        if (++Steps > StepsMax)
            throw new SimulationException($"More than {StepsMax:N0} steps at {NowMs:N0} ms: process {actor.Name} loops.");
        Trace(NowMs, actor.Id);
        Tape?.Invoke(actor.Name, "takes a step");
        actor.Turn++;
        while (actor.Frames.TryPeek(out var frame))
        {
            if (!frame.MoveNext())
            {
                if (actor.IsAlive) actor.Frames.Pop().Dispose();
                continue;
            }

            if (!actor.IsAlive) return;
            var wait = frame.Current;
            if (wait.Call is not null)
            {
                actor.Frames.Push(wait.Call);
                continue;
            }

            if (wait.On is { IsSet: true }) continue;
            wait.On?.Add(actor, actor.Turn);
            Wake(actor, actor.Turn, wait.Ms);
            return;
        }

        actor.IsAlive = false;
    }
}

/// <summary>The simulator itself broke, or was asked for something that it cannot do: exit code 3, never a verdict.</summary>
public sealed class SimulationException(string message) : Exception(message);
