using Lineage.Agents.Reporting;
using Lineage.Agents.Saving;
using Lineage.Agents.Tiers;
using Lineage.ChaosHarness.Histories;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>One save of one rank: production's <see cref="SaveStep"/> decides what comes next, this does it on the modelled world, in the
/// durable steps that production's tier and outbox take.</summary>
sealed class SaveProcess(World world, RankProcess rank, CheckpointId id, RankState captured, int operation)
{
    static readonly SaveBounds Bounds = new(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(6));

    ShardImage? shard;
    SaveInput input = new SaveInput.Waited();

    public IEnumerator<Wait> Work(Signal ended)
    {
        if (rank.Rank.Value == 0)
            world.Note((i, at) => new Entry.Invoked(i, at, rank.Name, operation, OperationKind.Save, id.ToString()));
        var (state, effect) = SaveStep.Begin(Bounds, world.NodeNow());
        while (effect is not SaveEffect.End)
        {
            yield return Wait.Through(effect switch
            {
                SaveEffect.Open => Open(),
                SaveEffect.Wait wait => Sleep((long)wait.Time.TotalMilliseconds),
                SaveEffect.Store store => Store(store.Plan),
                SaveEffect.Report => Report(),
                SaveEffect.Tell tell => Tell(tell.Problem),
                _ => Look(),
            });
            (state, effect) = SaveStep.Next(state, input, Bounds, world.NodeNow());
        }

        End((SaveState.Ended)state);
        ended.Set(world.Kernel);
    }

    void End(SaveState.Ended end)
    {
        if (end.Outcome == SaveOutcome.Sealed) Reached(DurableStep.Closed);
        if (end.Outcome == SaveOutcome.Sealed) rank.Kept[shard!.Root] = captured;
        if (rank.Rank.Value == 0)
            world.Note((i, at) => new Entry.Ended(i, at, rank.Name, operation, end.Outcome switch
            {
                SaveOutcome.Sealed => Outcome.Ok,
                SaveOutcome.Unconfirmed => Outcome.Unknown,
                _ => Outcome.Failed,
            }, end.Problem?.Code, id.ToString()));
        if (end.Outcome == SaveOutcome.Fenced) rank.End(RankExit.Fenced);
    }

    IEnumerator<Wait> Sleep(long ms)
    {
        yield return Wait.For(ms);
        input = new SaveInput.Waited();
    }

    IEnumerator<Wait> Open()
    {
        var answer = new Answer();
        yield return Wait.Through(world.Service.Decide(
            answer, rank.Name, id.Run, id.StreamKey, [id.Run.StreamKey, id.StreamKey], at => CheckpointDecider.Decide(
                world.Store.State<Checkpoint>(id.StreamKey), rank.Run.State, new CheckpointCommand.Open(
                    id, rank.Run.WorldSize, rank.Run.Layout, world.Service.ForWriting(id.Run, id.Generation), rank.Actor, rank.Rank, at))));
        if (!answer.IsYes)
        {
            input = new SaveInput.OpenFailed(answer.Problem);
            yield break;
        }

        world.Note((i, at) => new Entry.Acknowledged(i, at, rank.Name, id.StreamKey, "checkpoint-opened.v1", Rank: null));
        Reached(DurableStep.Opened);
        input = new SaveInput.Opened(CheckpointViews.Plan(world.Store.State<Checkpoint>(id.StreamKey)!, world.Policy.DepthMax));
    }

    IEnumerator<Wait> Store(SavePlan plan)
    {
        var (basis, baseRoot) = (default(RankState), (ContentHash?)null);
        if (plan.Base is { } link)
        {
            var root = world.Store.State<Checkpoint>(link.Checkpoint.StreamKey)!.Shard(rank.Rank).Root!.Value;
            if (!rank.Kept.TryGetValue(root, out basis))
            {
                var reader = new ShardReading(world, rank.Name);
                yield return Wait.Through(reader.Restore(link.Checkpoint, rank.Rank));
                if (reader.Damage is { } damage)
                {
                    rank.Pump.Add(ShardReading.Report(damage, rank.Actor));
                    input = Failure("its base is damaged");
                    yield break;
                }

                basis = reader.State;
            }

            baseRoot = root;
        }

        shard = ShardImage.Of(id, rank.Rank, baseRoot, baseRoot is null ? captured : captured.Against(basis));
        yield return Wait.Through(Durable(shard.Key, shard, DurableStep.TempCreated));
        if (input is not SaveInput.Stored) yield break;
        world.Note((i, at) => new Entry.Durable(i, at, rank.Name, id, rank.Rank.Value, shard.Key));
    }

    static SaveInput.LocalFailure Failure(string what) =>
        new(Problem.Of(ProblemCodes.DiskFull, 507, "The shard was not stored", what));

    /// <summary>Temporary file, contents, sync, rename without replacing, sync of the directory.</summary>
    /// <param name="first">The step that the creation is; the others follow.</param>
    IEnumerator<Wait> Durable(string name, object content, DurableStep first)
    {
        var isShard = first == DurableStep.TempCreated;
        var temp = $".{name}.{rank.Generation}.tmp";
        var file = world.Disk.Create(temp, content is ShardImage image ? image with { Whole = false } : Torn.Instance);
        if (file is null)
        {
            input = Failure("no space left");
            yield break;
        }

        Reached(first);
        yield return Wait.For(1);
        if (isShard)
        {
            Reached(DurableStep.HeaderWritten);
            Reached(DurableStep.PartlyWritten);
            yield return Wait.For(world.Random.Between(1, 5));
        }

        if (world.Disk.IsFull)
        {
            world.Disk.Delete(temp, isSynced: false);
            input = Failure("no space left");
            yield break;
        }

        file.Content = content;
        yield return Wait.Through(Settle(file, temp, name, isShard));
    }

    /// <summary>From all bytes written to the name on disk.</summary>
    IEnumerator<Wait> Settle(ModelFile file, string temp, string name, bool isShard)
    {
        if (isShard) Reached(DurableStep.Written);
        yield return Wait.For(1);
        file.IsSynced = true;
        Reached(isShard ? DurableStep.FileSynced : DurableStep.OutboxSynced);
        yield return Wait.For(1);
        if (!world.Disk.RenameWithoutReplacing(temp, name))
        {
            input = Failure("the name is taken");
            yield break;
        }

        Reached(isShard ? DurableStep.Renamed : DurableStep.OutboxRenamed);
        yield return Wait.For(1);
        if (world.Disk.Find(name) == file) world.Disk.SyncName(name);
        Reached(isShard ? DurableStep.DirectorySynced : DurableStep.OutboxDirSynced);
        input = new SaveInput.Stored();
    }

    IEnumerator<Wait> Report()
    {
        var stored = shard!;
        var fact = new ShardStoreReported
        {
            Id = FactStanding.NameOf("shard-store", new ShardId(id, rank.Rank), stored.Root.ToString(), World.Tier),
            Checkpoint = id,
            Rank = rank.Rank,
            Actor = rank.Actor,
            Correlation = id.ToString(),
            Diff = new DiffFigures(stored.BaseRoot, 32, stored.BaseRoot is null ? 1_000 : 100, ChunkModeCounts.None, 1, 1),
            Root = stored.Root,
            StoredBytes = stored.BaseRoot is null ? 1_000 : 100,
            Tier = World.Tier,
            ObjectKey = stored.Key,
        };
        yield return Wait.Through(Durable(rank.Pump.FileOf(fact.Id), fact, DurableStep.OutboxTempWritten));
        if (input is not SaveInput.Stored) yield break;
        rank.Pump.Add(fact);
        input = new SaveInput.Reported();
    }

    IEnumerator<Wait> Look()
    {
        yield return Wait.For(1);
        if (world.CutOff.Contains(rank.Name) || !world.Servers.Any(static s => s.IsUp) || world.Store.Find(id.StreamKey) is not { } stream)
        {
            input = new SaveInput.Unseen(new Answer().Problem);
            yield break;
        }

        var view = CheckpointViews.View((Checkpoint)stream.State!, stream.Version);
        rank.Pump.Observe(view);
        if (view.Phase is not (CheckpointPhase.Open or CheckpointPhase.Abandoned))
            world.Note((i, at) => new Entry.Acknowledged(i, at, rank.Name, id.StreamKey, "checkpoint-sealed.v1", Rank: null));
        input = new SaveInput.Seen(view);
    }

    /// <summary>Straight to the service: what a full disk prevents does not go by way of that disk.</summary>
    IEnumerator<Wait> Tell(Problem problem)
    {
        var answer = new Answer();
        yield return Wait.Through(world.Service.Decide(
            answer, rank.Name, id.Run, id.StreamKey, [id.Run.StreamKey, id.StreamKey], at => CheckpointDecider.Decide(
                world.Store.State<Checkpoint>(id.StreamKey), rank.Run.State, new CheckpointCommand.Fail(
                    id, rank.Rank, problem.Code, problem.Detail, rank.Actor, at))));
        input = answer.IsYes ? new SaveInput.Told() : new SaveInput.Untold(answer.Problem);
    }

    void Reached(DurableStep step) => world.Happened($"durable:{step}", rank.Name);
}
