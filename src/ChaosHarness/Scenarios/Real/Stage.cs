using System.Globalization;
using System.Text.Json;
using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <summary>
/// What one scenario plays on: a run of its own in a world that it shares, the journal of what it did and saw, and waiting that is always
/// bounded.
/// </summary>
public sealed class Stage(
    TrainingWorld world, RunId run, RunOutcome? golden, IReadOnlyList<string> training, TimeProvider clock, CancellationToken ct)
{
    static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(45), Poll = TimeSpan.FromMilliseconds(25);

    readonly long started = clock.GetTimestamp();
    readonly List<Entry> journal = [];
    readonly List<string> objections = [];
    int faults;

    public static WorldSize Ranks { get; } = new(2);

    public TrainingWorld World => world;

    public RunId Run => run;

    public CancellationToken Cancellation => ct;

    public TimeProvider Clock => clock;

    public RunOutcome Golden => golden ?? throw new WorldException("This is the golden run itself.");

    public IReadOnlyList<Entry> Journal => journal;

    /// <summary>What did not hold; empty if all did.</summary>
    public IReadOnlyList<string> Objections => objections;

    public bool EveryFaultTookEffect => journal.OfType<Entry.Injected>().All(
        injected => journal.OfType<Entry.TookEffect>().Any(effect => effect.Fault == injected.Fault));

    string Folder => Path.Combine(world.StateDirectory, "runs", run.ToString());

    /// <summary>The same scenario in another world, for one that breaks everything.</summary>
    public Stage In(TrainingWorld other) => new(other, run, golden, training, clock, ct);

    public ChildProcess Launch(string? fault = null, params string[] more) => world.Launch(run, [.. training, .. more], fault);

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

    /// <summary>Whether a process is stopped by a signal, from /proc.</summary>
    public static bool IsStopped(int? process)
    {
        var file = string.Create(CultureInfo.InvariantCulture, $"/proc/{process ?? 0}/stat");
        if (process is null || !File.Exists(file)) return false;
        var text = File.ReadAllText(file);
        return text[text.LastIndexOf(')')..].StartsWith(") T", StringComparison.Ordinal);
    }

    public Task<IReadOnlyList<CheckpointView>> CheckpointsAsync() => world.Api.CheckpointsAsync(run, ct);

    public async Task<int> CountAsync<T>() =>
        (await world.Api.LogAsync(run, ct)).Count(static entry => entry.Name == EventCatalog.Names[typeof(T)]);

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

    public int Inject(string kind, string target, string detail)
    {
        journal.Add(new Entry.Injected(journal.Count, Now, "nemesis", ++faults, kind, target, detail));
        return faults;
    }

    public void TookEffect(int fault, string observation) =>
        journal.Add(new Entry.TookEffect(journal.Count, Now, "nemesis", fault, observation));

    public void Healed(int? fault, string detail) => journal.Add(new Entry.Healed(journal.Count, Now, "nemesis", fault, detail));

    public void Note(string who, string what, string detail) => journal.Add(new Entry.Noted(journal.Count, Now, who, what, detail));

    public void Must(bool holds, string what)
    {
        if (!holds) objections.Add(what);
    }

    /// <summary>The launcher must end in time, with this exit code: liveness.</summary>
    public async Task EndsAsync(ChildProcess launcher, int exitCode = ExitCodes.Done)
    {
        try
        {
            await UntilAsync("the launcher's end", () => Task.FromResult(launcher.HasExited));
        }
        catch (WorldException late)
        {
            objections.Add($"{late.Message} It printed:\n{launcher.Tail(6)}");
            return;
        }

        var got = await launcher.WaitAsync(ct);
        Must(got == exitCode, $"the launcher ended with {got}, expected {exitCode}; it printed:\n{launcher.Tail(6)}");
    }

    /// <summary>
    /// Comes to rest and judges the end: every rank where the golden run's was, every report delivered, no checkpoint left open.
    /// </summary>
    /// <param name="losses">False where a zombie or a power loss may have touched the file of losses, which promises nothing.</param>
    public async Task JudgeEndAsync(bool losses = true)
    {
        if (objections.Count > 0) return;
        var outcome = RunOutcome.Read(world.StateDirectory, run, Ranks);
        if ((losses ? outcome : outcome with { Losses = Golden.Losses }).DifferenceTo(Golden) is { } difference) objections.Add(difference);
        var outboxes = Directory.EnumerateDirectories(Folder, "outbox-r*");
        var waiting = outboxes.Sum(static box => Directory.EnumerateFiles(box, "*.json").Count());
        Must(waiting == 0, $"{waiting} reports are still in outboxes after the end");
        var open = (await CheckpointsAsync()).Count(static one => one.Phase == CheckpointPhase.Open && one.MissingRanks.Count == 0);
        Must(open == 0, $"{open} checkpoints have all shards and are not sealed");
    }

    long Now => (long)clock.GetElapsedTime(started).TotalMilliseconds;
}
