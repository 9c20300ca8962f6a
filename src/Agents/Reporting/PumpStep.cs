using System.Collections.Immutable;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.Agents.Reporting;

/// <summary>One fact on its way. It alternates between being sent and being asked about until the service shows it.</summary>
/// <param name="Attempts">Times it was sent.</param>
/// <param name="Sent">Sent since it was last asked about.</param>
/// <param name="DueAt">When it is next sent or asked about.</param>
public sealed record PumpEntry(FactMessage Fact, int Attempts, bool Sent, DateTimeOffset DueAt);

public sealed record PumpState(ImmutableDictionary<MessageId, PumpEntry> Entries)
{
    public static PumpState Empty { get; } = new(ImmutableDictionary<MessageId, PumpEntry>.Empty);

    /// <summary>When something is next to be done; null if nothing is on its way.</summary>
    public DateTimeOffset? NextAt => Entries.IsEmpty ? null : Entries.Values.Min(static entry => entry.DueAt);
}

public abstract record PumpInput
{
    PumpInput() { }

    /// <summary>A fact is durable in the outbox.</summary>
    public sealed record Added(FactMessage Fact) : PumpInput;

    /// <summary>Time has passed.</summary>
    public sealed record Tick : PumpInput;

    /// <summary>The other side did not take the facts over, as far as is known.</summary>
    public sealed record SendFailed(IReadOnlyList<MessageId> Ids) : PumpInput;

    /// <summary>The service was asked and answered.</summary>
    public sealed record Stood(CheckpointView View) : PumpInput;
}

public abstract record PumpEffect
{
    PumpEffect() { }

    /// <param name="First">The facts among them that were never sent before by this process.</param>
    public sealed record Send(IReadOnlyList<FactMessage> Facts, IReadOnlyList<MessageId> First) : PumpEffect;

    public sealed record Ask(CheckpointId Checkpoint) : PumpEffect;

    /// <summary>The fact is settled: take it out of the outbox.</summary>
    public sealed record Remove(FactMessage Fact) : PumpEffect;
}

/// <summary>
/// When to send, when to ask, when to forget. Pure. Invariant: a fact is forgotten only by <see cref="FactStanding.IsSettled"/>, never
/// because sending worked or because time passed; and an unsettled fact is always due again within <see cref="DelayMax"/>.
/// </summary>
public static class PumpStep
{
    /// <summary>From a send to the first question whether it is on record.</summary>
    public static readonly TimeSpan AskDelay = TimeSpan.FromMilliseconds(250);

    public static readonly TimeSpan DelayMin = TimeSpan.FromMilliseconds(500);

    public static readonly TimeSpan DelayMax = TimeSpan.FromSeconds(15);

    public static (PumpState State, IReadOnlyList<PumpEffect> Effects) Next(PumpState state, PumpInput input, DateTimeOffset now) =>
        input switch
        {
            PumpInput.Added added => Due(Add(state, added.Fact, now), now),
            PumpInput.Tick => Due(state, now),
            PumpInput.SendFailed failed => (Postpone(state, failed.Ids, now), []),
            PumpInput.Stood stood => Settle(state, stood.View),
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    /// <summary>Doubles with every attempt, between <see cref="DelayMin"/> and <see cref="DelayMax"/>.</summary>
    public static TimeSpan DelayAfter(int attempts) =>
        TimeSpan.FromTicks(Math.Min(DelayMax.Ticks, DelayMin.Ticks << Math.Clamp(attempts - 1, 0, 10)));

    static PumpState Add(PumpState state, FactMessage fact, DateTimeOffset now) => state.Entries.ContainsKey(fact.Id)
        ? state
        : new PumpState(state.Entries.Add(fact.Id, new PumpEntry(fact, Attempts: 0, Sent: false, now)));

    static (PumpState State, IReadOnlyList<PumpEffect> Effects) Due(PumpState state, DateTimeOffset now)
    {
        var due = state.Entries.Values.Where(entry => entry.DueAt <= now)
            .OrderBy(static entry => entry.Fact.Checkpoint.Generation).ThenBy(static entry => entry.Fact.Checkpoint.Step).ToList();
        if (due.Count == 0) return (state, []);

        var entries = state.Entries;
        foreach (var entry in due)
        {
            var next = entry.Sent
                ? entry with { Sent = false, DueAt = now + DelayAfter(entry.Attempts) }
                : entry with { Sent = true, Attempts = entry.Attempts + 1, DueAt = now + AskDelay };
            entries = entries.SetItem(entry.Fact.Id, next);
        }

        List<PumpEffect> effects = [];
        var send = due.Where(static entry => !entry.Sent).ToList();
        if (send.Count > 0)
        {
            effects.Add(new PumpEffect.Send(
                [.. send.Select(static e => e.Fact)], [.. send.Where(static e => e.Attempts == 0).Select(static e => e.Fact.Id)]));
        }

        effects.AddRange(due.Where(static e => e.Sent).Select(static e => e.Fact.Checkpoint).Distinct()
            .Select(static checkpoint => new PumpEffect.Ask(checkpoint)));
        return (new PumpState(entries), effects);
    }

    static PumpState Postpone(PumpState state, IReadOnlyList<MessageId> ids, DateTimeOffset now)
    {
        var entries = state.Entries;
        foreach (var id in ids)
            if (entries.TryGetValue(id, out var entry))
                entries = entries.SetItem(id, entry with { Sent = false, DueAt = now + DelayAfter(entry.Attempts) });
        return new PumpState(entries);
    }

    static (PumpState State, IReadOnlyList<PumpEffect> Effects) Settle(PumpState state, CheckpointView view)
    {
        var settled = state.Entries.Values.Select(static entry => entry.Fact).Where(fact => FactStanding.IsSettled(fact, view)).ToList();
        return (new PumpState(state.Entries.RemoveRange(settled.Select(static fact => fact.Id))),
            [.. settled.Select(static fact => new PumpEffect.Remove(fact))]);
    }
}
