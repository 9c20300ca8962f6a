using Lineage.Bus;
using Lineage.ChaosHarness.Reports;
using Lineage.Contracts.Messages;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>
/// The broker: at least once, in any order. What it confirmed it keeps until a consumer took it over; what it did not confirm may have
/// arrived all the same. What can never be taken becomes a dead letter with its reason, and nothing waits behind it.
/// </summary>
sealed class ModelBroker(World world)
{
    public const string LostConfirm = "broker-lost-confirm", Duplicate = "broker-duplicate", Delay = "broker-delay";

    const int RedeliveriesMax = 400;

    public bool IsDown { get; set; }

    /// <summary>Publishes that arrive although their confirm is lost, messages delivered twice, and late ones: each counts down.</summary>
    public int LostConfirms { get; set; }

    public int Duplicates { get; set; }

    public int Delays { get; set; }

    public int Queued { get; private set; }

    public BrokerFigures Figures { get; private set; } = new(0, 0);

    /// <returns>Whether the sender got a confirm.</returns>
    public bool Publish(IReadOnlyList<FactMessage> facts)
    {
        if (IsDown) return false;
        Enqueue(facts);
        if (Duplicates > 0)
        {
            Duplicates--;
            Met(Duplicate);
            Figures = Figures with { Redelivered = Figures.Redelivered + 1 };
            Enqueue(facts);
        }

        if (LostConfirms == 0) return Confirmed();
        LostConfirms--;
        Met(LostConfirm);
        return false;
    }

    bool Confirmed()
    {
        Figures = Figures with { Confirmed = Figures.Confirmed + 1 };
        return true;
    }

    void Met(string kind) => world.Happened($"met:{kind}", "broker");

    /// <summary>Bytes that no consumer can read: the broker sets them aside and production's drain makes a letter of them.</summary>
    public void PublishUnreadable(byte[] body)
    {
        Queued++;
        world.Kernel.Spawn("broker", Drain(body), world.Random.Between(1, 20));
    }

    IEnumerator<Wait> Drain(byte[] body)
    {
        while (IsDown) yield return Wait.For(world.Random.Between(40, 120));
        Queued--;
        Keep(DeadLetter.OfUnread(body, fault: null));
    }

    void Keep(DeadLetter letter) => world.DeadLetters.Add($"{letter.Id} {letter.Code}: {letter.Reason}");

    void Enqueue(IReadOnlyList<FactMessage> facts)
    {
        var after = world.Random.Between(1, 20);
        if (Delays > 0)
        {
            Delays--;
            Met(Delay);
            after += world.Random.Between(200, 3_000);
        }

        Queued++;
        world.Kernel.Spawn("broker", Deliver(facts), after);
    }

    /// <summary>A delivery that the consumer did not take over is put back and delivered again.</summary>
    IEnumerator<Wait> Deliver(IReadOnlyList<FactMessage> facts)
    {
        for (var attempt = 0; attempt < RedeliveriesMax; attempt++)
        {
            if (!IsDown)
            {
                if (attempt > 0) Figures = Figures with { Redelivered = Figures.Redelivered + 1 };
                var answer = new Answer();
                yield return Wait.Through(world.Service.Record(answer, "broker", facts));
                if (answer.Batch is { } batch)
                {
                    Queued--;
                    foreach (var refused in RefusedFact.Of(batch.Outcomes)) Keep(DeadLetter.Of(refused, Carrier.Broker));
                    yield break;
                }
            }

            yield return Wait.For(world.Random.Between(40, 120));
        }
    }
}
