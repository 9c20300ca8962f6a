using System.Globalization;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.PowerLoss;
using Lineage.ChaosHarness.Scenarios.Real;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>A world that files are played in, with the disks that they need, and the runs that nobody hurt: one for each way of
/// training.</summary>
sealed class FileWorld : IAsyncDisposable
{
    const long DiskBytes = 768L << 20, BrokerDiskBytes = 512L << 20;

    readonly TimeProvider clock;
    readonly Dictionary<string, GoldenRun> goldens = new(StringComparer.Ordinal);
    readonly HashSet<string> runs = new(StringComparer.Ordinal);
    IAsyncDisposable? storeMount;

    FileWorld(WorldOptions options, LoopDisk? disk, LoopDisk? brokerDisk, TimeProvider clock) =>
        (Options, Disk, BrokerDisk, this.clock) = (options, disk, brokerDisk, clock);

    public WorldOptions Options { get; }

    /// <summary>What everything lies on, where a file cuts its power.</summary>
    public LoopDisk? Disk { get; }

    /// <summary>What the broker's messages lie on, where a file cuts its power.</summary>
    public LoopDisk? BrokerDisk { get; }

    public TrainingWorld World { get; private set; } = null!;

    /// <summary>Whether a file can be played where others were.</summary>
    public static bool IsShared(Schedule schedule) =>
        !DiskHands.NeedsDisk(schedule) && !schedule.Faults.Any(DiskHands.NeedsBrokerDisk) && !StoreDiskHands.NeedsMount(schedule);

    /// <param name="number">1 for the first of a campaign; each has folders of its own.</param>
    /// <exception cref="WorldException">It could not be started; everything that was is gone.</exception>
    public static async Task<FileWorld> StartAsync(
        CampaignOptions options, Schedule schedule, int number, TimeProvider clock, CancellationToken ct)
    {
        var disk = DiskHands.NeedsDisk(schedule) ? LoopDisk.Create(DiskBytes, clock) : null;
        var brokerDisk = schedule.Faults.Any(DiskHands.NeedsBrokerDisk) ? LoopDisk.Create(BrokerDiskBytes, clock) : null;
        var name = string.Create(CultureInfo.InvariantCulture, $"world-{number}");
        var state = disk is null ? Path.Combine(options.StateDirectory, name) : Path.Combine(disk.Root, "state");
        var world = new FileWorld(
            new WorldOptions(options.Program, state, Broker: PrivateRabbitMq.Installed is not null && disk is null)
            {
                Watched = true,
                Logs = Path.Combine(options.StateDirectory, "logs", name),
                BrokerData = brokerDisk is null ? null : Path.Combine(brokerDisk.Root, "data"),
            }, disk, brokerDisk, clock);
        try
        {
            if (StoreDiskHands.NeedsMount(schedule)) world.storeMount = await StoreDiskHands.MountAsync(state, ct);
            world.World = await TrainingWorld.StartAsync(world.Options, clock, ct);
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    /// <summary>Over the same data, once everything was killed.</summary>
    public async Task<TrainingWorld> StartAgainAsync(CancellationToken ct) =>
        World = await TrainingWorld.StartAsync(Options, clock, ct);

    /// <summary>A run's name that nobody has had here.</summary>
    public RunId NameFor(string profile)
    {
        var name = string.Concat(profile.ToLowerInvariant().Take(40)
            .Select(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) ? c : '-')).Trim('-');
        if (name.Length == 0) name = "scenario";
        for (var number = 1; ; number++)
        {
            var run = number == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}-{number}");
            if (runs.Add(run)) return RunId.Parse(run);
        }
    }

    public async Task<GoldenRun> GoldenAsync(Training training, CancellationToken ct)
    {
        var key = string.Join(' ', training.Arguments);
        return goldens.TryGetValue(key, out var known) ? known
            : goldens[key] = await RealTraining.GoldenAsync(World, training, ct, NameFor("golden"));
    }

    public async ValueTask DisposeAsync()
    {
        if (World is not null) await World.DisposeAsync();
        if (storeMount is not null) await storeMount.DisposeAsync();
        Disk?.Dispose();
        BrokerDisk?.Dispose();
    }
}
