using System.Globalization;
using System.Text.Json;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Npgsql;
using Evidence = Lineage.ChaosHarness.Checkers.Evidence;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <summary>What is trained, and how a person would write it down: the part of a schedule that all scenarios share.</summary>
/// <param name="Arguments">For <c>lineage launch</c>.</param>
public sealed record Training(WorldSize Ranks, IReadOnlyList<string> Arguments, Schedule Schedule);

/// <summary>
/// What one scenario plays on: a run of its own in a world that it shares, the record of what it did and saw, and waiting that is always
/// bounded.
/// </summary>
public sealed class Stage(
    TrainingWorld world, RunId run, GoldenRun? golden, Training training, StageRecord record, TimeProvider clock, CancellationToken ct)
{
    static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(45), Poll = TimeSpan.FromMilliseconds(25),
        LookEvery = TimeSpan.FromMilliseconds(500), LookMax = TimeSpan.FromSeconds(1);

    /// <summary>Of the whole record, in one scenario.</summary>
    const int ReadingsMax = 4;

    long looked = clock.GetTimestamp();

    public TrainingWorld World => world;

    public RunId Run => run;

    public CancellationToken Cancellation => ct;

    public TimeProvider Clock => clock;

    public GoldenRun Golden => golden ?? throw new WorldException("This is the golden run itself.");

    public StageRecord Record => record;

    string Folder => Path.Combine(world.StateDirectory, "runs", run.ToString());

    /// <summary>The same scenario in another world, for one that breaks everything.</summary>
    public Stage In(TrainingWorld other) => new(other, run, golden, training, record, clock, ct);

    /// <summary>File that decides what time it is for launchers and ranks from now on; null: the machine's clock does.</summary>
    public string? RankClock { get; set; }

    public void SetServerClock(ClockSetting setting)
    {
        record.Clocks.Set(clock.GetUtcNow(), setting);
        FaultyClock.Set(world.ServerClock, setting);
    }

    public ChildProcess Launch(string? fault = null, params string[] more) =>
        world.Launch(run, [.. training.Arguments, .. more], fault, clock: RankClock);

    /// <summary>As <see cref="Launch"/>, with another number of ranks than the run is trained by.</summary>
    public ChildProcess LaunchWith(WorldSize ranks, params string[] more) =>
        world.Launch(run, ["-n", ranks.ToString(), .. training.Arguments.SkipWhile(static one => one is "-n").Skip(1), .. more]);

    /// <summary>Launches a run that reaches the broker elsewhere than it is.</summary>
    public ChildProcess LaunchOver(string? broker, string? fault, params string[] more) =>
        world.Launch(run, [.. training.Arguments, .. more], fault, broker);

    /// <summary>Launches with rank 1 stopping itself at a durable step, and gives back its process once it stands still there.</summary>
    public async Task<(ChildProcess Launcher, int Rank)> LaunchStoppingAsync(string step, int occurrence, params string[] more)
    {
        var launcher = Launch(string.Create(
            CultureInfo.InvariantCulture, $"stop rank=1 generation=1 at={step} occurrence={occurrence}"), more);
        await UntilAsync($"rank 1 standing still at {step}", () => Task.FromResult(
            launcher.HasExited ? throw new WorldException($"The launcher of {run} ended early:\n{launcher.Tail()}")
                : IsStopped(ProcessOf(1))));
        Note("rank:1", "stopped", $"at {step}, occurrence {occurrence}");
        return (launcher, ProcessOf(1)!.Value);
    }

    /// <summary>Process of a rank of the generation that trains now; null before there is one.</summary>
    public int? ProcessOf(int rank)
    {
        var file = Path.Combine(Folder, "launch.json");
        if (!File.Exists(file)) return null;
        using var launch = JsonDocument.Parse(File.ReadAllBytes(file));
        return launch.RootElement.GetProperty("ranks").EnumerateArray()
            .Where(entry => entry.GetProperty("rank").GetInt32() == rank)
            .Select(static entry => (int?)entry.GetProperty("processId").GetInt32()).FirstOrDefault();
    }

    /// <summary>Whether a process is stopped by a signal.</summary>
    public static bool IsStopped(int? process) => process is { } known && ProcessTable.Of(known) is { State: 'T' };

    /// <summary>What the service answers is written down: it must be on record for ever.</summary>
    public async Task<IReadOnlyList<CheckpointView>> CheckpointsAsync()
    {
        var views = await world.Api.CheckpointsAsync(run, ct);
        record.Told(views);
        return views;
    }

    public async Task<int> CountAsync<T>() => (await LogAsync()).Count(static entry => entry.Name == EventCatalog.Names[typeof(T)]);

    public async Task<IReadOnlyList<LogEntry>> LogAsync()
    {
        var log = await world.Api.LogAsync(run, ct);
        record.Told(log);
        return log;
    }

    /// <summary>What a reader is offered to restore from at this moment, now and then.</summary>
    async Task LookAsync()
    {
        if (clock.GetElapsedTime(looked) < LookEvery) return;
        looked = clock.GetTimestamp();
        using var bound = new CancellationTokenSource(LookMax, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, ct);
        if (await world.Api.RestorePointsAsync(run, either.Token) is { } points)
            record.Add(new Entry.Offered(0, 0, "reader", run, points.Best?.Checkpoint, points.Why));
        await ReadRecordAsync();
    }

    /// <summary>
    /// What is on record at this moment, by the judge's own reading: it must be there for ever. A database that is away, as the scenario
    /// may want it, gives no reading.
    /// </summary>
    public async Task ReadRecordAsync()
    {
        if (record.Earlier.Count >= ReadingsMax) return;
        try
        {
            var streams = await PostgresWitness.ReadAsync(world.EventStore, run, record.BeganAt, ct);
            record.Earlier.Add(new EarlierReading((long)(clock.GetUtcNow() - record.BeganAt).TotalMilliseconds, streams));
        }
        catch (NpgsqlException away)
        {
            Note("reader", "no reading", away.Message);
        }
    }

    /// <summary>Asks until it holds; a service that is away for a moment is asked again.</summary>
    /// <exception cref="WorldException">It did not come to that within the bound.</exception>
    public async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        var from = clock.GetTimestamp();
        while (true)
        {
            try
            {
                if (await holds()) return;
            }
            catch (Exception away) when (away is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
            {
                // away, as the scenario may want it: the bound decides
            }

            if (clock.GetElapsedTime(from) > WaitMax)
                throw new WorldException($"Did not happen within {WaitMax.TotalSeconds:N0} s: {what}.");
            await Task.Delay(Poll, clock, ct);
        }
    }

    public int Inject(string kind, string target, string detail) => record.Inject(kind, target, detail);

    public void TookEffect(int fault, string observation) => record.Add(new Entry.TookEffect(0, 0, "nemesis", fault, observation));

    public void Healed(int? fault, string detail) => record.Add(new Entry.Healed(0, 0, "nemesis", fault, detail));

    public void Note(string who, string what, string detail) => record.Add(new Entry.Noted(0, 0, who, what, detail));

    public void Must(bool holds, string what)
    {
        if (!holds) record.Object(what);
    }

    /// <summary>The launcher must end in time, with this exit code: liveness.</summary>
    public async Task EndsAsync(ChildProcess launcher, int exitCode = ExitCodes.Done)
    {
        try
        {
            await UntilAsync("the launcher's end", async () =>
            {
                if (launcher.HasExited) return true;
                await LookAsync();
                return false;
            });
        }
        catch (WorldException late)
        {
            record.Object($"{late.Message} It printed:\n{launcher.Tail(6)}");
            return;
        }

        var got = await launcher.WaitAsync(ct);
        Must(got == exitCode, $"the launcher ended with {got}, expected {exitCode}; it printed:\n{launcher.Tail(6)}");
    }

    /// <summary>
    /// Comes to rest and judges the end: every rank where the golden run's was, every report delivered, no checkpoint left open; and then
    /// by all invariants.
    /// </summary>
    /// <param name="losses">False where a zombie or a power loss may have touched the file of losses, which promises nothing.</param>
    public async Task JudgeEndAsync(bool losses = true)
    {
        var rest = await RestAsync();
        if (record.Objections.Count == 0)
        {
            var outcome = RunOutcome.Read(world.StateDirectory, run, training.Ranks);
            if ((losses ? outcome : outcome with { Losses = Golden.Outcome.Losses }).DifferenceTo(Golden.Outcome) is { } difference)
                record.Object(difference);
            Must(Waiting() == 0, $"{Waiting()} reports are still in outboxes after the end");
        }

        await ExamineAsync(rest);
    }

    /// <summary>Shows the judge all that there is; the first time counts.</summary>
    public async Task ExamineAsync(RestEvidence? rest)
    {
        if (record.Examination is not null) return;
        var evidence = await StageEvidence.ReadAsync(world, Schedule(), run, record, golden, rest, ct);
        record.Examination = new Examination(evidence, Judge.Examine(evidence));
    }

    /// <summary>The journal alone, for a world that can no longer be read.</summary>
    public Evidence JournalOnly() =>
        new(Schedule(), StageEvidence.Journal(world, run, record), [], [], [], AtRest: null, record.RaceMs);

    /// <summary>Null if the world never came to rest.</summary>
    public async Task<RestEvidence?> RestAsync()
    {
        try
        {
            await UntilAsync("the world at rest", async () => Waiting() == 0 && IsDecided(await CheckpointsAsync()));
        }
        catch (WorldException)
        {
            return null;
        }

        var letters = await StageEvidence.DeadLettersAsync(world.Api, run, record, ct);
        return new RestEvidence(Waiting(), letters, [], record.MsSinceHealed());
    }

    /// <summary>Nothing open, and nothing sealed but unverified, save what is built on something that is quarantined: that is neither
    /// intact nor damaged, and stays so.</summary>
    static bool IsDecided(IReadOnlyList<CheckpointView> views)
    {
        var lost = views.Where(static one => one.Phase == CheckpointPhase.Quarantined).Select(static one => one.Checkpoint).ToHashSet();
        foreach (var view in views.OrderBy(static one => one.OpenedAt))   // a base is older than what is built on it
            if (view.Base is { } edge && lost.Contains(edge.Checkpoint)) lost.Add(view.Checkpoint);
        return views.All(one => one.Phase != CheckpointPhase.Open
            && (one.Phase != CheckpointPhase.Sealed || lost.Contains(one.Checkpoint)));
    }

    /// <summary>Facts on their way: reports that ranks have not seen on record. What a broker holds beyond that are repeats.</summary>
    int Waiting() => !Directory.Exists(Folder) ? 0 : Directory.EnumerateDirectories(Folder, "outbox-r*")
        .Sum(static box => Directory.EnumerateFiles(box, "*.json").Count());

    /// <summary>With the faults that were really injected.</summary>
    Schedule Schedule() => training.Schedule.Profile != RealTraining.Unwritten ? training.Schedule : training.Schedule with
    {
        Profile = run.ToString(),
        Faults =
        [
            .. record.Of<Entry.Injected>().Select(static one => new ScheduledFault(
                one.Fault, one.Kind, one.Target, new FaultTrigger(Event: null, 1, 0), Until: null, 0)),
        ],
    };
}
