using System.Globalization;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.PowerLoss;
using Lineage.ChaosHarness.Scenarios.Real;
using Lineage.ChaosHarness.Simulation;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>One schedule against real processes, in a world of its own: golden run, hurt run, judgement. It is not tried twice.</summary>
/// <param name="replay">Command that does the same again.</param>
public sealed class FileCampaign(CampaignOptions options, Schedule schedule, string replay, TimeProvider clock, Action<string> narrate)
{
    const string Promise = "The run ends as the one that nobody hurt, whatever the file does to it.";

    const long DiskBytes = 768L << 20;

    static readonly RunId Run = RunId.Parse("scenario");

    /// <exception cref="WorldException">The world could not be started; nothing was judged.</exception>
    public async Task<CampaignReport> RunAsync(CancellationToken ct)
    {
        var started = clock.GetTimestamp();
        if (schedule.World is { Servers: > 1 } or { Copies: > 1 })
            narrate($"the file asks for {schedule.World.Servers} servers and {schedule.World.Copies} copies; this level has one of each");
        using var disk = DiskHands.NeedsDisk(schedule) ? LoopDisk.Create(DiskBytes, clock) : null;
        var state = disk is null ? options.StateDirectory : Path.Combine(disk.Root, "state");
        var world = new WorldOptions(options.Program, state, Broker: PrivateRabbitMq.Installed is not null && disk is null)
        {
            Watched = true,
            Logs = Path.Combine(options.StateDirectory, "logs"),
        };
        var training = TrainingOf(schedule);
        FilePlay? play = null;
        var first = await TrainingWorld.StartAsync(world, clock, ct);
        try
        {
            var golden = await RealTraining.GoldenAsync(first, training, ct);
            var goldenSeconds = Seconds(started);
            narrate(CampaignLines.Of(golden, goldenSeconds));
            var from = clock.GetTimestamp();
            play = new FilePlay(new Stage(first, Run, golden, training, new StageRecord(clock), clock, ct), schedule, disk, world);
            var outcome = await PlayAsync(play, from, ct);
            narrate(CampaignLines.Of(outcome));
            return new CampaignReport(
                Schema: 1, schedule.Profile, schedule.Seed, [outcome], goldenSeconds, Seconds(started),
                TriggeredCount.Of(outcome.Examination!.Verdict));
        }
        finally
        {
            await (play?.World ?? first).DisposeAsync();
        }
    }

    async Task<ScenarioOutcome> PlayAsync(FilePlay play, long from, CancellationToken ct)
    {
        var folder = DiskHands.NeedsMount(schedule) ? DiskHands.FolderOf(play) : null;
        if (folder is not null)
        {
            Directory.CreateDirectory(folder);
            var size = string.Create(CultureInfo.InvariantCulture, $"size={DiskHands.MebiBytes}m");
            await ProgramRun.MustAsync("mount", ["-t", "tmpfs", "-o", size, "tmpfs", folder], ct);
        }

        try
        {
            var broke = await ScenarioJudgement.PlayAsync(() => play.Stage, _ => play.PlayAsync());
            var name = schedule.Profile.Length == 0 ? Run.ToString() : FileName(schedule.Profile);
            return ScenarioJudgement.Of(play.Stage, name, Seconds(from), broke) with { Promise = Promise, Replay = replay };
        }
        finally
        {
            if (folder is not null) await ProgramRun.MustAsync("umount", ["--lazy", folder], CancellationToken.None);
        }
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

    /// <summary>A profile is free text; a folder's name is not.</summary>
    static string FileName(string profile) =>
        string.Concat(profile.Take(60).Select(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '-'));

    double Seconds(long since) => Math.Round(clock.GetElapsedTime(since).TotalSeconds, 1);
}
