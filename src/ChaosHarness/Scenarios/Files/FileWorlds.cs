using System.Globalization;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Scenarios.Real;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <param name="Name">What the outcome is called, and its folder.</param>
/// <param name="Replay">Command that plays it again.</param>
public sealed record ScenarioToPlay(string Name, Schedule Schedule, string Replay)
{
    public static ScenarioToPlay Of(Schedule schedule, string replay) =>
        new(schedule.Profile.Length == 0 ? "scenario" : FileName(schedule.Profile), schedule, replay);

    /// <summary>A profile is free text; a folder's name is not.</summary>
    static string FileName(string profile) =>
        string.Concat(profile.Take(60).Select(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '-'));
}

/// <summary>
/// Plays files one after another. Those that need no disk of their own share a world, as long as each leaves it well: after one that did
/// not end valid the next one gets a new world.
/// </summary>
sealed class FileWorlds(CampaignOptions options, TimeProvider clock, Action<string> narrate) : IAsyncDisposable
{
    public const string Promise = "The run ends as the one that nobody hurt, whatever the file does to it.";

    FileWorld? shared;
    int started;

    /// <summary>It is not tried twice. What the machine lacks makes it skipped.</summary>
    /// <exception cref="WorldException">Its world could not be started; nothing was judged.</exception>
    public async Task<ScenarioOutcome> PlayAsync(ScenarioToPlay file, CancellationToken ct)
    {
        if (await ScenarioNeeds.MissingAsync(file.Name, FileCheck.Needs(file.Schedule), ct) is { } skipped) return Told(skipped);
        if (file.Schedule.World is { Servers: > 1 } or { Copies: > 1 })
            narrate($"the file asks for {file.Schedule.World.Servers} servers and {file.Schedule.World.Copies} copies; "
                + "this level has one of each");
        if (!FileWorld.IsShared(file.Schedule))
        {
            await using var own = await StartAsync(file.Schedule, ct);
            return Told(await PlayAsync(own, file, ct));
        }

        shared ??= await StartAsync(file.Schedule, ct);
        var outcome = await PlayAsync(shared, file, ct);
        if (outcome.Verdict is not ScenarioVerdict.Valid) await DropAsync();
        return Told(outcome);
    }

    public ValueTask DisposeAsync() => DropAsync();

    Task<FileWorld> StartAsync(Schedule schedule, CancellationToken ct) => FileWorld.StartAsync(options, schedule, ++started, clock, ct);

    async ValueTask DropAsync()
    {
        if (shared is null) return;
        await shared.DisposeAsync();
        shared = null;
    }

    async Task<ScenarioOutcome> PlayAsync(FileWorld world, ScenarioToPlay file, CancellationToken ct)
    {
        var training = TrainingOf(file.Schedule);
        var since = clock.GetTimestamp();
        var golden = await world.GoldenAsync(training, ct);
        narrate(CampaignLines.Of(golden, clock.GetElapsedTime(since).TotalSeconds));
        since = clock.GetTimestamp();
        var run = world.NameFor(file.Schedule.Profile);
        var play = new FilePlay(
            new Stage(world.World, run, golden, training, new StageRecord(clock), clock, ct), file.Schedule, world);
        await using var mount = DiskHands.NeedsMount(file.Schedule) ? await DiskHands.MountAsync(play, ct) : null;
        var broke = await ScenarioJudgement.PlayAsync(() => play.Stage, _ => play.PlayAsync());
        return ScenarioJudgement.Of(play.Stage, file.Name, Math.Round(clock.GetElapsedTime(since).TotalSeconds, 1), broke) with
        {
            Promise = Promise,
            Replay = file.Replay,
        };
    }

    ScenarioOutcome Told(ScenarioOutcome outcome)
    {
        narrate(CampaignLines.Of(outcome));
        return outcome;
    }

    static Training TrainingOf(Schedule schedule)
    {
        var training = RealTraining.Of(
            new WorldSize(schedule.World.Ranks), FileCheck.LastStep(schedule), FileCheck.SaveEvery(schedule), schedule.Seed);
        var depth = schedule.Bounds.DepthMax.ToString(CultureInfo.InvariantCulture);
        return training with
        {
            Arguments = [.. training.Arguments, "--lease", "3", "--chain-depth-max", depth],
            Schedule = schedule,
        };
    }
}
