using CsCheck;
using Lineage.Contracts.Api;
using Lineage.Decisions;

namespace Lineage.Tests.Chaos.Model;

/// <summary>Whether production answered and stands as the specification says.</summary>
static class Conformance
{
    /// <returns>Null if it does; else what differs.</returns>
    public static string? Apply(Production production, Transition<ModelState> step)
    {
        var happening = Happening.All[step.ActionIndex];
        var which = happening.Cases[step.ArgIndex];
        var expected = happening.Step(step.Before, which).Answer;
        var (one, other) = (production[0], production[1]);
        if (Ask(production, happening.Name, which) is { } decision)
        {
            var got = decision switch
            {
                Decision.Accepted => Answer.Accepted,
                Decision.AlreadyDone => Answer.Done,
                _ => Answer.Refused,
            };
            if (got != expected) return $"the specification says {expected}, production {got}{Why(decision)}";
            if (got != Answer.Accepted && !(ReferenceEquals(one, production[0]) && ReferenceEquals(other, production[1])))
                return $"{got}, and yet a checkpoint changed";
        }

        return Difference(production, step.After);
    }

    static string Why(Decision decision) => decision is Decision.Refused refused ? $" ({refused.Code}: {refused.Detail})" : "";

    /// <summary>Null for what happens outside of the service.</summary>
    static Decision? Ask(Production p, string name, object which) => (name, which) switch
    {
        ("open", Slot save) => p.Open((int)save),
        ("abandon", Abandonment c) => p.Abandon((int)c.Save, c.Cause),
        ("sweep", _) => p.Sweep(),
        ("verify", Found c) => p.Verify((int)c.Shard.Save, c.Shard.Rank, c.Intact),
        ("expire", Slot save) => p.Expire((int)save),
        ("undo", Slot save) => p.Undo((int)save),
        ("reclaim", Reclaiming c) => p.Reclaim((int)c.Save, c.Late),
        ("lose lease", _) => p.LoseLease(),
        ("recover" or "recover again", Launcher launcher) => p.Recover((int)launcher),
        ("choose again", _) => p.ChooseAgain(),
        ("restored", _) => p.Restored(),
        ("store" or "report" or "crash", _) => null,
        (_, Shard shard) when string.Equals(name, Happening.Fails(shard), StringComparison.Ordinal) => p.Fail((int)shard.Save, shard.Rank),
        (_, Shard shard) => p.Deliver((int)shard.Save, shard.Rank),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "Not a happening of the model."),
    };

    static string? Difference(Production p, ModelState s) =>
        Generation(p, s) ?? Recovery(p, s) ?? Save(p, s, 0) ?? Save(p, s, 1);

    static string? Generation(Production p, ModelState s) =>
        p.Run.Generation.Value == s.Generation && Production.HolderOf(p.Run) == s.Holder
        && (p.Run.Lease == Lineage.Runs.LeasePhase.Held) == s.LeaseHeld
            ? null
            : $"generation {p.Run.Generation}, {p.Run.Lease}, by {p.Run.Holder}";

    static string? Recovery(Production p, ModelState s)
    {
        var turn = p.Recovery?.Phase switch
        {
            null => Turn.None,
            RecoveryPhase.Restoring => Turn.Restoring,
            RecoveryPhase.Completed => Turn.Completed,
            _ => Turn.Failed,
        };
        var chosen = turn is Turn.None or Turn.Failed ? s.Chosen : p.Recovery!.Chosen is not { } id ? 0 : id.Step.Value / 10;
        return turn == s.Turn && chosen == s.Chosen ? null : $"recovery {turn}, chosen {chosen}";
    }

    static string? Save(Production p, ModelState s, int save)
    {
        var (real, should) = (p[save], s[save]);
        if (real is null) return should.Phase == SavePhase.Unopened ? null : $"save {(Slot)save} was never opened";
        var phase = Enum.Parse<SavePhase>(real.Phase.ToString());
        if (phase != should.Phase) return $"save {(Slot)save} is {phase}";
        for (var rank = 0; rank < Protocol.Ranks; rank++)
            if (real.HasCopies(new(rank)) != should.IsRecorded(rank))
                return $"shard {(Slot)save}{rank}: on record {!should.IsRecorded(rank)}";
        if (real.Base is not null != should.OnBase) return $"save {(Slot)save} has {(should.OnBase ? "no" : "a")} base";
        if (real.Base is { } link && (link.Checkpoint != p[0]!.Id || link.ManifestHash != p[0]!.Sealed?.ManifestHash || link.Depth != 0))
            return $"save {(Slot)save} names {link} as its base, which is {p[0]!.Sealed?.ManifestHash}";
        if (should.Phase == SavePhase.Reclaimed) return null;   // what was found of it is forgotten here
        return p.EventsOf(save) == EventsOf(should) ? null : $"save {(Slot)save} has {p.EventsOf(save)} events, not {EventsOf(should)}";
    }

    /// <summary>The stream that exactly-once delivery gives has so many events, whatever the way here was.</summary>
    static int EventsOf(Save s) =>
        1 + (2 * s.RecordedCount) + (s.WasSealed ? 1 : 0) + int.PopCount(s.Intact) + (s.Intact == Protocol.AllRanks ? 1 : 0)
        + (s.Damaged > 0 ? 2 : 0) + (s.Phase == SavePhase.Abandoned ? 1 : 0);
}
