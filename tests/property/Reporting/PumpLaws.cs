using FsCheck.Xunit;
using Lineage.Agents.Reporting;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Tests.Property.Saving;

namespace Lineage.Tests.Property.Reporting;

public sealed class PumpLaws
{
    static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>A random history of additions, failed sends, lost messages, answers and waits, on a clock that the test moves.</summary>
    [Property(MaxTest = 300)]
    public void A_fact_leaves_the_outbox_only_when_the_service_shows_it_and_is_due_again_until_then(int seed)
    {
        var random = new Random(seed);
        var (state, now) = (PumpState.Empty, Begin);
        var (outbox, recorded, abandoned) = (new HashSet<MessageId>(), new HashSet<long>(), new HashSet<long>());
        for (var round = 0; round < 60; round++)
        {
            var step = random.Next(1, 5);
            PumpInput input = random.Next(6) switch
            {
                0 => new PumpInput.Added(OutboxLaws.Fact(step)),
                1 => new PumpInput.Stood(View(step, recorded.Contains(step), abandoned.Contains(step))),
                2 => new PumpInput.SendFailed([.. state.Entries.Keys]),
                _ => new PumpInput.Tick(),
            };
            if (random.Next(15) == 0) recorded.Add(step);
            if (random.Next(25) == 0) abandoned.Add(step);
            if (input is PumpInput.Added added) outbox.Add(added.Fact.Id);
            (state, var effects) = PumpStep.Next(state, input, now);
            foreach (var removed in effects.OfType<PumpEffect.Remove>())
            {
                var of = removed.Fact.Checkpoint.Step.Value;
                Assert.True(recorded.Contains(of) || abandoned.Contains(of));
                Assert.True(outbox.Remove(removed.Fact.Id), "removed twice");
            }

            Assert.Equal(outbox.Order(Comparer<MessageId>.Create(static (a, b) => a.Value.CompareTo(b.Value))), state.Entries.Keys
                .Order(Comparer<MessageId>.Create(static (a, b) => a.Value.CompareTo(b.Value))));
            if (state.NextAt is { } next) Assert.True(next <= now + PumpStep.DelayMax);
            now += TimeSpan.FromMilliseconds(random.Next(1, 3_000));
        }
    }

    [Fact]
    public void A_fact_is_sent_asked_about_and_sent_again_with_growing_pauses_under_one_id()
    {
        var fact = OutboxLaws.Fact(1);
        var (state, effects) = PumpStep.Next(PumpState.Empty, new PumpInput.Added(fact), Begin);
        var sends = new List<DateTimeOffset> { Begin };
        Assert.Equal([fact.Id], Assert.IsType<PumpEffect.Send>(Assert.Single(effects)).First);
        var asks = 0;
        while (sends.Count < 8)
        {
            var now = state.NextAt!.Value;
            (state, effects) = PumpStep.Next(state, new PumpInput.Tick(), now);
            if (Assert.Single(effects) is not PumpEffect.Send send)
            {
                asks++;
                continue;
            }

            sends.Add(now);
            Assert.Equal(fact, Assert.Single(send.Facts));
            Assert.Empty(send.First);
        }

        Assert.Equal(sends.Count - 1, asks);
        var pauses = sends.Zip(sends.Skip(1), static (a, b) => b - a).ToList();
        Assert.Equal(pauses.Order(), pauses);
        Assert.Equal(PumpStep.DelayMax + PumpStep.AskDelay, pauses[^1]);
    }

    [Fact]
    public void Adding_a_fact_twice_sends_it_once()
    {
        var (state, _) = PumpStep.Next(PumpState.Empty, new PumpInput.Added(OutboxLaws.Fact(1)), Begin);
        var (_, effects) = PumpStep.Next(state, new PumpInput.Added(OutboxLaws.Fact(1)), Begin);
        Assert.Empty(effects);
    }

    [Fact]
    public void What_settles_a_fact()
    {
        var stored = OutboxLaws.Fact(1);
        Assert.False(FactStanding.IsSettled(stored, View(1, recorded: false, abandoned: false)));
        Assert.True(FactStanding.IsSettled(stored, View(1, recorded: true, abandoned: false)));
        Assert.True(FactStanding.IsSettled(stored, View(1, recorded: false, abandoned: true)));
        Assert.False(FactStanding.IsSettled(stored, View(2, recorded: true, abandoned: true)));
        Assert.False(FactStanding.IsSettled(OutboxLaws.Fact(1, rank: 1), View(1, recorded: true, abandoned: false)));
        Assert.False(FactStanding.IsSettled(stored with { Root = ContentHash.Of("other"u8) }, View(1, recorded: true, abandoned: false)));
        var damage = new ShardVerificationReported
        {
            Id = stored.Id,
            Checkpoint = stored.Checkpoint,
            Rank = stored.Rank,
            Actor = stored.Actor,
            Correlation = stored.Correlation,
            Finding = Finding.Altered,
            Depth = VerificationDepth.Deep,
            ReadBytes = 1,
        };
        Assert.False(FactStanding.IsSettled(damage, View(1, recorded: true, abandoned: false) with { Phase = CheckpointPhase.Verified }));
        Assert.True(FactStanding.IsSettled(damage, View(1, recorded: true, abandoned: false) with { Phase = CheckpointPhase.Quarantined }));

        // Found by reading: the service refuses a finding for what is reclaimed, so it was sent again and again for ever.
        Assert.True(FactStanding.IsSettled(damage, View(1, recorded: true, abandoned: false) with { Phase = CheckpointPhase.Reclaimed }));
    }

    static CheckpointView View(long step, bool recorded, bool abandoned)
    {
        var fact = OutboxLaws.Fact(step);
        var stored = new ShardStored(fact.Checkpoint, fact.Rank, fact.Root, fact.StoredBytes, fact.Tier, fact.ObjectKey, Begin);
        return new CheckpointView(
            SavingWorld.Id(step), abandoned ? CheckpointPhase.Abandoned : CheckpointPhase.Open, CheckpointKind.Full, Parent: null,
            Base: null, 0, new WorldSize(2), ContentHash.Of("layout"u8), ManifestHash: null,
            recorded ? [new ShardView(fact.Rank, Diffed: null, stored, Verified: null)] : [], [], 0, 0, Begin, Begin, ClosedAt: null,
            VerifiedAt: null, Cause: null, Version: 1);
    }
}
