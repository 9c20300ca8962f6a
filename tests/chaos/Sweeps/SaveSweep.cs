using Lineage.Agents.Client;
using Lineage.Agents.Keeping;
using Lineage.Agents.Reporting;
using Lineage.Agents.Restoring;
using Lineage.Agents.Saving;
using Lineage.Agents.Tiers;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Hosting;

namespace Lineage.Tests.Chaos.Sweeps;

/// <summary>
/// A real server with its private PostgreSQL, a store and a keeper; one for all cases of the sweep, each case has a run of its own.
/// </summary>
public sealed class SweepServer : IAsyncLifetime
{
    readonly string? broker;
    LineageServer? server;

    public SweepServer()
    {
    }

    internal SweepServer(string broker) => this.broker = broker;

    public string State { get; } = Directory.CreateTempSubdirectory("lineage-save-sweep-").FullName;

    public LineageClient Client { get; private set; } = null!;

    public LocalDirectoryTier Tier => new(Path.Combine(State, "store"));

    public Keeper Keeper { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var options = new ServerOptions(State, "http://127.0.0.1:0", BrokerAddress: broker) { Tick = TimeSpan.FromMilliseconds(100) };
        server = await LineageServer.StartAsync(options, TimeProvider.System, CancellationToken.None);
        Client = new LineageClient(new ClientOptions(new Uri(server.Url), ActorId.Parse("launcher:sweep/1")), TimeProvider.System);
        Keeper = new Keeper(
            KeeperOptions.Default(ActorId.Parse("keeper:sweep")) with { Again = TimeSpan.FromMilliseconds(100) }, Client,
            new HttpFactPublisher(Client), Tier, TimeProvider.System, static _ => { });
    }

    public async Task DisposeAsync()
    {
        Client.Dispose();
        if (server is not null) await server.DisposeAsync();
        Directory.Delete(State, recursive: true);
    }
}

/// <summary>
/// Three ranks save step 1 whole and begin step 2; the process of rank 1 is killed at one durable step of that save. Whatever the step,
/// step 1 stays restorable bit for bit, a step 2 that is not whole is never offered, and the next save works.
/// </summary>
public sealed class SaveSweep(SweepServer world) : IClassFixture<SweepServer>
{
    static readonly WorldSize Ranks = new(3);
    static readonly Rank Victim = new(1);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static TheoryData<DurableStep> EveryDurableStepOfASave => [.. Enum.GetValues<DurableStep>()];

    [Theory, MemberData(nameof(EveryDurableStepOfASave))]
    public async Task A_writer_killed_at_any_durable_step_never_loses_the_previous_restore_point(DurableStep step)
    {
        var run = RunId.Parse($"sweep-{(int)step}");
        var holder = world.Client.Actor;
        await world.Client.RegisterRunAsync(new RegisterRun(run, Policy: null, Labels: null), CancellationToken.None);
        await world.Client.TakeLeaseAsync(run, new TakeLease(holder, Ranks), CancellationToken.None);
        var before = new CheckpointId(run, new Generation(1), new Step(1));
        var torn = before with { Step = new Step(2) };

        await KillDuringSecondSaveAsync(run, step, before);
        var sealedAnyway = (await world.Client.GetCheckpointAsync(torn, CancellationToken.None)).ManifestHash is not null;
        Assert.True(!sealedAnyway || step >= DurableStep.Published, $"{torn} was sealed although the writer died at {step}");
        if (sealedAnyway) await VerifiedAsync(torn);

        var recovery = await world.Client.StartRecoveryAsync(
            run, new StartRecovery(holder, Ranks, new Generation(1), "rank 1 killed by signal 9", [Victim], new Step(2)),
            CancellationToken.None);
        Assert.Equal(sealedAnyway ? torn : before, recovery.Chosen);
        await AssertOfferedOnlyWhatIsWholeAsync(run, torn, sealedAnyway);
        await AssertNextGenerationGoesOnAsync(recovery, before);
    }

    async Task KillDuringSecondSaveAsync(RunId run, DurableStep step, CheckpointId before)
    {
        var others = new List<SavingHooks>();
        foreach (var rank in Ranks.Ranks.Where(static rank => rank != Victim)) others.Add(await OpenAsync(run, new Generation(1), rank));
        await using var process = SaverProcess.Start(
            run.ToString(), world.State, "save", world.Client.Server.ToString(), world.State, run.ToString(), Victim.ToString(),
            Ranks.ToString(), step.ToString());
        await SaveAsync(others, step: 1);
        await UntilAsync(
            () => Task.FromResult(File.Exists(SaverHost.Ready(world.State, run)) || process.HasExited), "the first save of the victim");
        Assert.False(process.HasExited, process.Tail());
        await VerifiedAsync(before);

        foreach (var (hooks, rank) in others.Zip(Ranks.Ranks.Where(static rank => rank != Victim)))
            await hooks.SaveAsync(SweepState.At(2, rank, Ranks), new Step(2), final: false, CancellationToken.None);
        await File.WriteAllTextAsync(SaverHost.Go(world.State, run), "");
        Assert.True(await process.WaitAsync(CancellationToken.None) == SaverProcess.Killed, $"not killed at {step}: {process.Tail()}");
        foreach (var hooks in others) await hooks.DisposeAsync();   // the launcher stops the other ranks as well
    }

    /// <summary>
    /// Every usable point passes a deep check of its whole chain; the torn one is among them only if all its shards were durable.
    /// </summary>
    async Task AssertOfferedOnlyWhatIsWholeAsync(RunId run, CheckpointId torn, bool isWhole)
    {
        var points = await world.Client.GetRestorePointsAsync(run, Ranks, atOrBefore: null, CancellationToken.None);
        Assert.Equal(isWhole, points.Usable.Any(point => point.Checkpoint == torn));
        if (!isWhole) Assert.Contains(points.Rejected, rejected => rejected.Checkpoint == torn);
        foreach (var point in points.Usable)
        {
            var chain = await world.Client.GetChainAsync(point.Checkpoint, CancellationToken.None);
            var check = await new ChainVerifier(world.Tier, TimeProvider.System).VerifyAsync(chain, parallel: 2, CancellationToken.None);
            Assert.True(check.IsIntact, $"{point.Checkpoint}: {string.Join("; ", check.Damaged)}");
        }
    }

    /// <summary>The next generation restores bit for bit, delivers what the dead process left in its outbox, and saves again.</summary>
    async Task AssertNextGenerationGoesOnAsync(RecoveryView recovery, CheckpointId before)
    {
        var (run, generation) = (recovery.Recovery.Run, recovery.Recovery.Generation);
        var next = new List<SavingHooks>();
        foreach (var rank in Ranks.Ranks)
        {
            var hooks = await OpenAsync(run, generation, rank);
            next.Add(hooks);
            var state = SweepState.At(77, rank, Ranks);
            await hooks.RestoreAsync(state, recovery.Chosen!.Value, CancellationToken.None);
            Assert.True(state.Holds(SweepState.At(recovery.Chosen!.Value.Step.Value, rank, Ranks)), $"rank {rank} of {recovery.Chosen}");
            new Restorer(world.Tier, TimeProvider.System).Restore(
                state, await world.Client.GetChainAsync(before, CancellationToken.None), rank, CancellationToken.None);
            Assert.True(state.Holds(SweepState.At(1, rank, Ranks)), $"rank {rank} of {before}");
        }

        Assert.Equal(RecoveryPhase.Completed, (await world.Client.GetRecoveryAsync(recovery.Recovery, CancellationToken.None)).Phase);
        await SaveAsync(next, step: 3);
        foreach (var (hooks, rank) in next.Zip(Ranks.Ranks))
        {
            Assert.Equal((1, 0), hooks.Saves);
            var options = SaverHost.Options(world.Client.Server, world.State, run, generation, rank, Ranks);
            var outbox = RankSavingOptions.OutboxDirectory(options.Saver);
            Assert.Empty(Directory.EnumerateFiles(outbox, "*", SearchOption.AllDirectories));
            await hooks.DisposeAsync();
        }

        world.Tier.CleanLeftovers();
        Assert.Empty(Directory.EnumerateFiles(world.Tier.Root, ".*", SearchOption.AllDirectories));
    }

    Task<SavingHooks> OpenAsync(RunId run, Generation generation, Rank rank) => RankSaving.OpenAsync(
        SaverHost.Options(world.Client.Server, world.State, run, generation, rank, Ranks), TimeProvider.System, static _ => { },
        steps: null, CancellationToken.None);

    static async Task SaveAsync(List<SavingHooks> ranks, long step)
    {
        var all = Ranks.Ranks.ToList();
        if (ranks.Count < all.Count) all.Remove(Victim);
        foreach (var (hooks, rank) in ranks.Zip(all))
            await hooks.SaveAsync(SweepState.At(step, rank, Ranks), new Step(step), final: false, CancellationToken.None);
        foreach (var hooks in ranks) await hooks.DrainAsync(CancellationToken.None);
    }

    Task VerifiedAsync(CheckpointId checkpoint) => UntilAsync(async () =>
    {
        await world.Keeper.RoundAsync(CancellationToken.None);
        return (await world.Client.GetCheckpointAsync(checkpoint, CancellationToken.None)).Phase == CheckpointPhase.Verified;
    }, $"{checkpoint} verified");

    static async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        while (!await holds())
        {
            Assert.False(patience.IsCancellationRequested, $"did not happen within {Patience.TotalSeconds:0} s: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }
}
