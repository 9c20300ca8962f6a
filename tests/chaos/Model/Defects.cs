using CsCheck;

namespace Lineage.Tests.Chaos.Model;

/// <summary>A way in which the protocol could be wrong, and the requirement that has to find it.</summary>
/// <param name="On">The happening that goes wrong; null: any.</param>
/// <param name="When">Before and after the right step.</param>
/// <param name="Instead">What the world is afterwards instead.</param>
sealed record Defect(
    string Name, string Breaks, string? On, Func<ModelState, ModelState, bool> When, Func<ModelState, ModelState, ModelState> Instead);

/// <summary>Each defect is put into the specification in turn. One that nothing notices means that a requirement is missing.</summary>
static class Defects
{
    public static IReadOnlyList<Defect> All { get; } = [.. Shard.All.SelectMany(OfRepeats), .. OfReports(), .. OfEnds(), .. OfRuns()];

    public static Spec<ModelState> Plant(Spec<ModelState> spec) => All.Aggregate(spec, static (planted, defect) => defect.On is null
        ? planted.Fault(defect.Name, defect.When, defect.Instead)
        : planted.Fault(defect.Name, defect.On, defect.When, defect.Instead));

    static IEnumerable<Defect> OfRepeats(Shard shard)
    {
        var (save, rank, name) = ((int)shard.Save, shard.Rank, Happening.Delivers(shard));
        return
        [
            new($"the deduplication key has no rank ({shard})", $"S9 each shard counts for itself ({shard})", name,
                (b, a) => b != a && b[save].RecordedCount > 0, static (b, _) => b),
            new($"a repeated report counts as a reading ({shard})", $"S9 a repeat changes nothing ({shard})", name,
                (b, a) => b == a && b[save].IsRecorded(rank) && b[save].Phase == SavePhase.Open,
                (_, a) => a.With(save, a[save] with { Intact = (byte)(1 << rank) })),
            new($"a failure is not heard ({shard})", $"L8 a failure is heard ({shard})", Happening.Fails(shard),
                (b, a) => b != a, static (b, _) => b),
            new($"a zombie's failure ends a save ({shard})", $"S15 who may not say so ends no save ({shard})", Happening.Fails(shard),
                (b, a) => b == a && b.IsStale(save) && b[save].Phase == SavePhase.Open,
                (_, a) => a.With(save, Protocol.AllUnderWay(a[save]) with { Phase = SavePhase.Abandoned })),
        ];
    }

    static IEnumerable<Defect> OfReports() =>
    [
        new("sealed with one shard missing", "S2 sealed is whole", null,
            static (b, a) => a.A is { Phase: SavePhase.Open, RecordedCount: Protocol.Ranks - 1 } && b.A.RecordedCount < a.A.RecordedCount,
            static (_, a) => a with { A = a.A with { Phase = SavePhase.Sealed } }),
        new("a report of an older generation counts", "S15 the older generation is fenced", null,
            static (b, a) => b == a && b.IsStale(0) && b.A.Phase == SavePhase.Open && b.A.Stage(0) == ShardStage.Sent,
            static (_, a) => a with { A = a.A.With(0, ShardStage.Recorded) }),
        new("the last report of an older generation seals", "S4 no seal from below", null,
            static (b, a) => b == a && b.IsStale(0) && b.A is { Phase: SavePhase.Open, RecordedCount: Protocol.Ranks - 1 },
            static (_, a) => a with { A = Complete(a.A) with { Phase = SavePhase.Sealed } }),
        new("the last report seals an abandoned save", "S2 closed stays closed", null,
            static (b, a) => b == a && b.A is { Phase: SavePhase.Abandoned, Gone: false },
            static (_, a) => a with { A = Complete(a.A) with { Phase = SavePhase.Sealed } }),
        new("a crash takes back what was acknowledged", "S8 on record stays on record", "crash",
            static (b, _) => b.A.Phase == SavePhase.Open && b.A.IsRecorded(0),
            static (_, a) => a with { A = a.A.With(0, ShardStage.None) }),
        new("a delta is planned on an unsealed base", "S14 a base is sealed before its child", "open",
            static (b, a) => a.B.Phase == SavePhase.Open && b.B.Phase == SavePhase.Unopened && b.A.Phase == SavePhase.Open,
            static (_, a) => a with { B = a.B with { OnBase = true } }),
        new("a delta is planned on a damaged base", "S14 a base is sealed before its child", "open",
            static (b, a) => a.B.Phase == SavePhase.Open && b.B.Phase == SavePhase.Unopened && b.A.Phase == SavePhase.Quarantined,
            static (_, a) => a with { B = a.B with { OnBase = true } }),
        new("a rewritten full checkpoint is called a delta", "S14 base edges form a forest", "undo",
            static (b, a) => b.A.Phase == SavePhase.Expired && a.A.IsSettled, static (_, a) => a with { A = a.A with { OnBase = true } }),
    ];

    static IEnumerable<Defect> OfEnds() =>
    [
        new("a sealed save is abandoned at its deadline", "S2 closed stays closed", "abandon",
            static (b, a) => b == a && b.A.Phase == SavePhase.Sealed,
            static (_, a) => a with { A = a.A with { Phase = SavePhase.Abandoned } }),
        new("the deadline of an older generation's save is overlooked", "L1 every save ends (A)", "sweep",
            static (b, _) => b.IsStale(0) && b.A.Phase == SavePhase.Open, static (b, a) => a with { A = b.A }),
        new("a save with a recorded shard is given another chance", "L1 every save ends (B)", "sweep",
            static (b, _) => b.B is { Phase: SavePhase.Open, RecordedCount: > 0 }, static (b, a) => a with { B = b.B }),
        new("an intact finding lifts a quarantine", "S18 quarantine is sticky", "verify",
            static (b, a) => b == a && b.A.Phase == SavePhase.Quarantined,
            static (_, a) => a with { A = a.A with { Phase = SavePhase.Sealed, Damaged = 0 } }),
        new("a quarantine does not outlive expiry and undo", "S18 quarantine is sticky", "undo",
            static (b, a) => b.A is { Phase: SavePhase.Expired, Damaged: > 0 } && a.A.Phase == SavePhase.Quarantined,
            static (_, a) => a with { A = a.A with { Phase = SavePhase.Sealed, Damaged = 0 } }),
        new("reclaim does not look for deltas", "S13 nothing needed is deleted", "reclaim",
            static (b, a) => b == a && b.A.Phase == SavePhase.Expired && b.B is { OnBase: true, HasBytes: true },
            static (_, a) => a with { A = a.A with { Phase = SavePhase.Reclaimed, Intact = 0, Damaged = 0 } }),
        new("reclaim needs no expiry", "S13 nothing needed is deleted", "reclaim",
            static (b, a) => b == a && b.A.Phase == SavePhase.Quarantined,
            static (_, a) => a with { A = a.A with { Phase = SavePhase.Reclaimed, Intact = 0, Damaged = 0 } }),
        new("the last verified checkpoint expires", "S13 a verified one remains", "expire",
            static (b, a) => b == a && b.A.Phase == SavePhase.Verified && b.B.Phase != SavePhase.Verified,
            static (_, a) => a with { A = a.A with { Phase = SavePhase.Expired } }),
        new("the base of an open save expires", "S13 what is under way stays", "expire",
            static (b, a) => b == a && b.A.Phase == SavePhase.Sealed && b.B is { Phase: SavePhase.Open, OnBase: true },
            static (_, a) => a with { A = a.A with { Phase = SavePhase.Expired } }),
    ];

    static IEnumerable<Defect> OfRuns() =>
    [
        new("two launchers get the same generation", "S4 one holder for each generation", "recover again",
            static (b, a) => b == a && b.Turn == Turn.Restoring, static (_, a) => a with { Holder = (byte)(1 - a.Holder) }),
        new("a recovery chooses what nobody verified", "S2 only verified is offered", "recover",
            static (b, a) => b.A.Phase == SavePhase.Sealed && b.Generation != a.Generation,
            static (_, a) => a with { Turn = Turn.Restoring, Chosen = 1, LeaseHeld = true }),
        new("a recovery begins anew although something was sealed", "S2 only verified is offered", "recover",
            static (b, a) => b.Generation != a.Generation && a.Turn == Turn.Failed,
            static (_, a) => a with { Turn = Turn.Restoring, Chosen = 0, LeaseHeld = true }),
        new("a second choice may be quarantined", "S2 only verified is offered", "choose again",
            static (b, a) => b != a && b.A.Phase == SavePhase.Quarantined,
            static (b, a) => a with { Turn = Turn.Restoring, Chosen = (byte)(b.Chosen == 1 ? 2 : 1), LeaseHeld = true }),
    ];

    static Save Complete(Save save)
    {
        for (var rank = 0; rank < Protocol.Ranks; rank++) save = save.With(rank, ShardStage.Recorded);
        return save;
    }
}
