using CsCheck;

namespace Lineage.Tests.Chaos.Model;

/// <summary>The invariants of the protocol as far as this model can break them. Each id begins with the invariant's name.</summary>
static class Requirements
{
    public static Spec<ModelState> AddTo(Spec<ModelState> spec)
    {
        Wholeness(spec);
        Authority(spec);
        Deliveries(spec);
        Ends(spec);
        Lineage(spec);
        return Reach(spec);
    }

    /// <summary>Without closures: this is asked for every one of millions of steps.</summary>
    static bool Both(ModelState before, ModelState after, Func<ModelState, ModelState, int, bool> holds) =>
        holds(before, after, 0) && holds(before, after, 1);

    static bool Either(ModelState before, ModelState after, Func<ModelState, ModelState, int, bool> holds) =>
        holds(before, after, 0) || holds(before, after, 1);

    static bool IsWhole(Save save) => !save.WasSealed || save.Recorded == Protocol.AllRanks;

    static void Wholeness(Spec<ModelState> spec) => spec
        .Invariant("S2 sealed is whole", "A sealed checkpoint has the shards of all ranks.",
            static s => IsWhole(s.A) && IsWhole(s.B))
        .Rule("S2 closed stays closed",
            "What was sealed stays sealed, what was abandoned stays abandoned.", static (b, a) => Both(b, a, static (b, a, save) =>
            (!b[save].WasSealed || a[save].WasSealed)
            && (b[save].Phase != SavePhase.Abandoned || a[save].Phase == SavePhase.Abandoned)))
        .Rule("S2 only verified is offered", "A recovery chooses a verified checkpoint whose chain is verified, or the initial state.",
            when: static (b, a) => a.Turn == Turn.Restoring && (b.Turn != Turn.Restoring || a.Chosen != b.Chosen),
            then: static (b, a) => a.Chosen == 0
                ? !b.A.WasSealed && !b.B.WasSealed
                : b[a.Chosen - 1].Phase == SavePhase.Verified && (!b[a.Chosen - 1].OnBase || b.A.Phase == SavePhase.Verified))
        .Rule("S18 quarantine is sticky", "Nothing lifts the quarantine of the same bytes.",
            when: static (b, a) => Either(b, a, static (b, _, save) => b[save].Damaged > 0),
            then: static (b, a) => Both(b, a, static (b, a, save) => b[save].Damaged == 0 || a[save].Phase == SavePhase.Reclaimed
                || (a[save].Damaged > 0 && a[save].Phase is SavePhase.Quarantined or SavePhase.Expired)));

    static void Authority(Spec<ModelState> spec) => spec
        .Rule("S4 no seal from below", "No checkpoint is sealed by a generation below the newest.",
            when: static (b, a) => Either(b, a, static (b, a, save) => !b[save].WasSealed && a[save].WasSealed),
            then: static (b, a) => Both(b, a, static (b, a, save) =>
                b[save].WasSealed || !a[save].WasSealed || a[save].Generation == b.Generation))
        .Rule("S4 one holder for each generation", "A generation is granted once; generations only grow.",
            static (b, a) => a.Generation == b.Generation ? a.Holder == b.Holder : a.Generation == b.Generation + 1)
        .Rule("S15 the older generation is fenced",
            "After the next grant nothing done under the older generation changes what a reader sees.",
            when: static (b, a) => Either(b, a, static (b, _, save) => b.IsStale(save) && b[save].Phase == SavePhase.Open),
            then: static (b, a) => Both(b, a, static (b, a, save) => !b.IsStale(save) || b[save].Phase != SavePhase.Open
                || (a[save].Recorded == b[save].Recorded && !a[save].WasSealed)));

    static void Deliveries(Spec<ModelState> spec)
    {
        spec.Rule("S8 on record stays on record", "What was acknowledged is there from then on.",
            static (b, a) => Both(b, a, static (b, a, save) => (a[save].Recorded & b[save].Recorded) == b[save].Recorded));
        foreach (var shard in Shard.All)
        {
            var (save, rank) = ((int)shard.Save, shard.Rank);
            spec.Rule($"S9 a repeat changes nothing ({shard})", "A report that is on record changes nothing, however often it comes.",
                    on: Happening.Delivers(shard), when: (b, _) => b[save].IsRecorded(rank), then: static (b, a) => b == a)
                .Rule($"S9 each shard counts for itself ({shard})",
                    "The first report of a shard of an open save is recorded, whatever else is on record.",
                    on: Happening.Delivers(shard),
                    when: (b, _) => b[save].Phase == SavePhase.Open && !b.IsStale(save) && !b[save].IsRecorded(rank),
                    then: (_, a) => a[save].IsRecorded(rank))
                .Rule($"L8 a failure is heard ({shard})", "A save whose shard will not come ends at once, for all ranks.",
                    on: Happening.Fails(shard),
                    when: (b, _) => b[save].Phase == SavePhase.Open && !b.IsStale(save) && !b[save].IsRecorded(rank),
                    then: (_, a) => a[save].Phase == SavePhase.Abandoned)
                .Rule($"S15 who may not say so ends no save ({shard})",
                    "A failure told by an older generation, or of a shard on record, changes nothing.", on: Happening.Fails(shard),
                    when: (b, _) => b.IsStale(save) || b[save].IsRecorded(rank), then: static (b, a) => b == a);
        }
    }

    static void Ends(Spec<ModelState> spec)
    {
        foreach (var slot in Enum.GetValues<Slot>())
            spec.Response($"L1 every save ends ({slot})",
                "Every save ends sealed or abandoned, at the latest when its deadline was looked at.",
                trigger: (b, a) => b[(int)slot].Phase == SavePhase.Unopened && a[(int)slot].Phase == SavePhase.Open,
                response: (_, a) => a[(int)slot].Phase != SavePhase.Open, within: 1, per: "sweep");
        spec.Rule("S13 nothing needed is deleted", "Bytes go only after expiry or abandonment, and never from under a delta or a recovery.",
                when: static (b, a) => Either(b, a, static (b, a, save) => b[save].HasBytes && a[save].Phase == SavePhase.Reclaimed),
                then: static (b, a) => Both(b, a, static (b, a, save) =>
                    a[save].Phase != SavePhase.Reclaimed || b[save].Phase == SavePhase.Reclaimed
                    || (b[save].Phase == SavePhase.Expired && !(b.Turn == Turn.Restoring && b.Chosen == save + 1)
                        && !(save == 0 && b.B is { OnBase: true, HasBytes: true }))))
            .Rule("S13 a verified one remains", "Retention leaves at least one verified checkpoint.", on: "expire",
                when: static (b, _) => b.A.Phase == SavePhase.Verified || b.B.Phase == SavePhase.Verified,
                then: static (_, a) => a.A.Phase == SavePhase.Verified || a.B.Phase == SavePhase.Verified)
            .Rule("S13 what is under way stays", "Retention lets go of nothing that an open save or a recovery builds on.", on: "expire",
                when: static (b, _) => (b.B.Phase == SavePhase.Open && b.B.OnBase) || (b.Turn == Turn.Restoring && b.Chosen > 0),
                then: static (b, a) => !(b.B is { Phase: SavePhase.Open, OnBase: true } && b.A.IsSettled && a.A.Phase == SavePhase.Expired)
                    && !(b.Turn == Turn.Restoring && b.Chosen > 0 && b[b.Chosen - 1].IsSettled
                        && a[b.Chosen - 1].Phase == SavePhase.Expired));
    }

    static void Lineage(Spec<ModelState> spec) => spec
        .Rule("S14 a base is sealed before its child", "A delta begins only on a sealed, undamaged checkpoint of its own line.", on: "open",
            when: static (b, a) => !b.B.OnBase && a.B.OnBase,
            then: static (b, _) => b.A.Phase is SavePhase.Sealed or SavePhase.Verified && (b.A.Generation == b.Generation || b.Chosen == 1))
        .Invariant("S14 base edges form a forest", "A full checkpoint has no base; a base has its bytes while a delta on it has.",
            static s => !s.A.OnBase && (!s.B.OnBase || (s.A.WasSealed && (!s.B.HasBytes || s.A.HasBytes))));

    /// <summary>Without these a model that can do nothing would keep everything.</summary>
    static Spec<ModelState> Reach(Spec<ModelState> spec) => spec
        .Reachable("can verify a delta", "", static s => s.B is { Phase: SavePhase.Verified, OnBase: true })
        .Reachable("can go on after a recovery", "",
            static s => s is { Turn: Turn.Completed, Chosen: 1, B: { OnBase: true, Generation: 2, Phase: SavePhase.Verified } })
        .Reachable("can choose the delta", "", static s => s is { Turn: Turn.Restoring, Chosen: 2, B.OnBase: true })
        .Reachable("can fall back to the older one", "",
            static s => s is { Turn: Turn.Restoring, Chosen: 1, ChoseAgain: true, B.Damaged: > 0 })
        .Reachable("can find nothing to restore", "", static s => s.Turn == Turn.Failed)
        .Reachable("can lose a base to damage", "", static s => s.A.Damaged > 0 && s.B is { Phase: SavePhase.Verified, OnBase: true })
        .Reachable("can delete a delta and then its base", "",
            static s => s.A.Phase == SavePhase.Reclaimed && s.B is { OnBase: true, Phase: SavePhase.Reclaimed })
        .Reachable("can have two saves open at once", "", static s => s.A.Phase == SavePhase.Open && s.B.Phase == SavePhase.Open)
        .Reachable("can have a zombie's report under way", "",
            static s => s.Generation == 2 && s.A is { Generation: 1, Phase: SavePhase.Open } && s.A.Stage(0) == ShardStage.Sent);
}
