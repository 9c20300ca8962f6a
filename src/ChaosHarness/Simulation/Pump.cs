using Lineage.Agents.Reporting;
using Lineage.Agents.Tiers;
using Lineage.ChaosHarness.Histories;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>A rank's reports on their way: production's <see cref="PumpStep"/> says when to send, ask and forget. What an earlier process
/// of the same rank left in the outbox goes on its way again.</summary>
sealed class Pump(World world, RankProcess rank)
{
    readonly string folder = $"outbox/{rank.Name}/";
    PumpState state = PumpState.Empty;
    Signal news = new();

    public bool IsEmpty => state.Entries.IsEmpty;

    public string FileOf(MessageId id) => $"{folder}{id}";

    public void Add(FactMessage fact)
    {
        if (fact is ShardVerificationReported && world.Disk.Create(FileOf(fact.Id), fact) is { } file)
        {
            file.IsSynced = true;
            world.Disk.SyncName(FileOf(fact.Id));
        }

        Do(PumpStep.Next(state, new PumpInput.Added(fact), world.NodeNow()));
        news.Set(world.Kernel);
    }

    public void Observe(CheckpointView view) => Do(PumpStep.Next(state, new PumpInput.Stood(view), world.NodeNow()));

    public IEnumerator<Wait> Work()
    {
        foreach (var (name, file) in world.Disk.Files.ToList())
            if (name.StartsWith(folder, StringComparison.Ordinal))
            {
                if (file.Content is FactMessage fact) Add(fact);
                else world.Disk.Delete(name, isSynced: false);   // torn: its rename was not durable, so nobody was told that it is kept
            }

        while (true)
        {
            if (state.NextAt is not { } next)
            {
                news = new Signal();
                yield return Wait.Until(news, 100_000_000);
                continue;
            }

            yield return Wait.For(Math.Max(1, (long)(next - world.NodeNow()).TotalMilliseconds));
            Do(PumpStep.Next(state, new PumpInput.Tick(), world.NodeNow()));
        }
    }

    void Do((PumpState State, IReadOnlyList<PumpEffect> Effects) step)
    {
        state = step.State;
        foreach (var effect in step.Effects)
            switch (effect)
            {
                case PumpEffect.Send send: Send(send.Facts); break;
                case PumpEffect.Ask ask: Ask(ask.Checkpoint); break;
                case PumpEffect.Remove remove: Settled(remove.Fact); break;
                default: throw new SimulationException($"The outbox asks for {effect}, which is not modelled.");
            }
    }

    void Send(IReadOnlyList<FactMessage> facts)
    {
        foreach (var fact in facts)
        {
            if (fact is ShardStoreReported stored)
                world.Note((i, at) => new Entry.Sent(i, at, rank.Name, fact.Checkpoint, fact.Rank.Value, stored.ObjectKey));
            if (world.CutOff.Contains(rank.Name) || !world.Broker.Publish([fact]))
                state = PumpStep.Next(state, new PumpInput.SendFailed([fact.Id]), world.NodeNow()).State;
            else if (fact is ShardStoreReported) world.Happened($"durable:{DurableStep.Published}", rank.Name);
        }
    }

    void Ask(CheckpointId id)
    {
        if (world.CutOff.Contains(rank.Name) || !world.Servers.Any(static s => s.IsUp)) return;
        if (world.Store.Find(id.StreamKey) is { State: Checkpoint checkpoint } stream)
            Observe(CheckpointViews.View(checkpoint, stream.Version));
    }

    void Settled(FactMessage fact)
    {
        var checkpoint = world.Store.State<Checkpoint>(fact.Checkpoint.StreamKey)!;
        if (fact is ShardStoreReported && checkpoint.Phase != CheckpointPhase.Abandoned)   // forgotten, because it is on record
            world.Note((i, at) => new Entry.Acknowledged(i, at, rank.Name, fact.Checkpoint.StreamKey, "shard-stored.v1", fact.Rank.Value));
        if (fact is ShardStoreReported) world.Happened($"durable:{DurableStep.Acknowledged}", rank.Name);
        world.Disk.Delete(FileOf(fact.Id), isSynced: false);   // as the outbox does: if it comes back, it is found settled
        if (fact is ShardStoreReported) world.Happened($"durable:{DurableStep.OutboxRemoved}", rank.Name);
    }
}
