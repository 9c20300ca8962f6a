namespace Lineage.Tests.Chaos.Model;

/// <summary>What somebody who asks is told.</summary>
enum Answer : byte { Accepted, Done, Refused }

/// <summary>One step of the protocol: the answer, and the world afterwards.</summary>
readonly record struct Reply(Answer Answer, ModelState After)
{
    public static Reply Accept(ModelState after) => new(Answer.Accepted, after);

    public static Reply Done(ModelState unchanged) => new(Answer.Done, unchanged);

    public static Reply Refuse(ModelState unchanged) => new(Answer.Refused, unchanged);
}

/// <summary>
/// The protocol, said once more and as simply as it can be said: three ranks, two saves (A at step 10, B at step 20, a delta on A where A
/// may carry it), two generations, two launchers. It shares no code with production, and production is compared with it.
/// </summary>
/// <remarks>Time is not modelled: whatever could have become due, may be due.</remarks>
static class Protocol
{
    public const int Ranks = 3, Saves = 2, GenerationsMax = 2;

    public const byte AllRanks = 0b111;

    /// <summary>A rank asks to save. The first one opens; the others, and its own repeats, find it open.</summary>
    public static Reply Open(ModelState s, int save)
    {
        var now = s[save];
        if (now.Phase != SavePhase.Unopened) return s.IsStale(save) ? Reply.Refuse(s) : Reply.Done(s);
        var onBase = save == 1 && s.A.Phase is SavePhase.Sealed or SavePhase.Verified && IsOnWritersLine(s);
        return Reply.Accept(s.With(save, new Save(SavePhase.Open, s.Generation, onBase)));
    }

    /// <summary>Save A is what the newest generation goes on from.</summary>
    static bool IsOnWritersLine(ModelState s) => s.A.Generation == s.Generation || s.Chosen == 1;

    public static bool MayOpen(ModelState s, int save) => s.IsRunning && (save == 0 || s.A.Phase != SavePhase.Unopened);

    static bool IsAlive(ModelState s, int save, int rank) => !s.IsStale(save) && s.IsRunning && s.Dead != rank + 1;

    public static bool MayStore(ModelState s, int save, int rank) =>
        s[save].Phase == SavePhase.Open && s[save].Stage(rank) == ShardStage.None && IsAlive(s, save, rank);

    public static bool MayReport(ModelState s, int save, int rank) =>
        s[save].Phase == SavePhase.Open && s[save].Stage(rank) == ShardStage.Durable && IsAlive(s, save, rank);

    public static bool MayDeliver(ModelState s, int save, int rank) => s[save].Stage(rank) >= ShardStage.Sent;

    /// <summary>What is on record is done, whoever repeats it and whenever; only then comes the fence.</summary>
    public static Reply Deliver(ModelState s, int save, int rank)
    {
        var now = s[save];
        if (now.IsRecorded(rank)) return Reply.Done(s);
        if (s.IsStale(save) || now.Phase != SavePhase.Open) return Reply.Refuse(s);
        var after = now.With(rank, ShardStage.Recorded);
        return Reply.Accept(s.With(save, after.Recorded == AllRanks ? after with { Phase = SavePhase.Sealed } : after));
    }

    /// <param name="isTrue">Whether the cause that is given holds.</param>
    public static Reply Abandon(ModelState s, int save, bool isTrue) => s[save].Phase switch
    {
        SavePhase.Abandoned => Reply.Done(s),
        SavePhase.Open when isTrue => Reply.Accept(s.With(save, Abandoned(s[save]))),
        _ => Reply.Refuse(s),
    };

    /// <summary>A rank says that its shard will not come. Only the generation that writes may say so, and only of what is not on
    /// record.</summary>
    public static Reply Fail(ModelState s, int save, int rank) => s[save] switch
    {
        { Phase: SavePhase.Abandoned } => Reply.Done(s),
        { Phase: SavePhase.Open } now when !s.IsStale(save) && !now.IsRecorded(rank) => Reply.Accept(s.With(save, Abandoned(now))),
        _ => Reply.Refuse(s),
    };

    static Save Abandoned(Save now) => AllUnderWay(now) with { Phase = SavePhase.Abandoned };

    /// <summary>
    /// Nobody can tell any more how far its ranks come, or when: all that is not on record is taken to be stored and sent. Since a report
    /// may arrive at any time or never, this covers every slower rank, zombies above all.
    /// </summary>
    public static Save AllUnderWay(Save now)
    {
        for (var rank = 0; rank < Ranks; rank++)
            if (!now.IsRecorded(rank)) now = now.With(rank, ShardStage.Sent);
        return now;
    }

    /// <summary>A crash that can make no difference any more is forgotten.</summary>
    public static ModelState Settle(ModelState s) => s.Dead == 0 || MayMiss(s, s.Dead - 1) ? s : s with { Dead = 0 };

    /// <summary>The rank still has something to store or to report.</summary>
    public static bool MayMiss(ModelState s, int rank) => MayMiss(s, 0, rank) || MayMiss(s, 1, rank);

    static bool MayMiss(ModelState s, int save, int rank) => s[save].Phase == SavePhase.Unopened
        || (s[save].Phase == SavePhase.Open && !s.IsStale(save) && s[save].Stage(rank) < ShardStage.Sent);

    /// <summary>Every deadline has passed, and the service looks through the open saves.</summary>
    public static Reply Sweep(ModelState s)
    {
        for (var save = 0; save < Saves; save++)
            if (s[save].Phase == SavePhase.Open) s = s.With(save, Abandoned(s[save]));
        return Reply.Accept(s);
    }

    /// <summary>Of what retention let go of as well: a keeper may have begun to read before that.</summary>
    public static bool MayVerify(ModelState s, int save, int rank, bool intact) => s[save] switch
    {
        { Phase: SavePhase.Unopened } => false,
        { Phase: SavePhase.Expired } => s[save].Damaged == 0,
        { Damaged: > 0 } found => found.Damaged == rank + 1,
        _ => true,
    };

    public static Reply Verify(ModelState s, int save, int rank, bool intact)
    {
        var now = s[save];
        if (!now.WasSealed || now.Phase == SavePhase.Reclaimed) return Reply.Refuse(s);
        if (now.Damaged > 0 || (intact && (now.Intact >> rank & 1) == 1)) return Reply.Done(s);
        var found = intact ? now with { Intact = (byte)(now.Intact | 1 << rank) } : now with { Damaged = (byte)(rank + 1) };
        return Reply.Accept(s.With(save, found with { Phase = now.Phase == SavePhase.Expired ? SavePhase.Expired : found.Found }));
    }

    public static Reply Expire(ModelState s, int save) => Keeping.MayExpire(s, save)
        ? Reply.Accept(s.With(save, s[save] with { Phase = SavePhase.Expired }))
        : Reply.Done(s);

    /// <summary>What comes back brings its base back.</summary>
    public static Reply Undo(ModelState s, int save)
    {
        var now = s[save];
        if (!now.WasSealed || now.Phase == SavePhase.Reclaimed || (now.OnBase && s.A.Phase == SavePhase.Reclaimed)) return Reply.Refuse(s);
        if (now.Phase != SavePhase.Expired) return Reply.Done(s);
        if (now.OnBase && s.A.Phase == SavePhase.Expired) s = s.With(0, s.A with { Phase = s.A.Found });
        return Reply.Accept(s.With(save, now with { Phase = now.Found }));
    }

    /// <param name="late">Whether the grace is over.</param>
    public static Reply Reclaim(ModelState s, int save, bool late)
    {
        var now = s[save];
        if (now.Phase == SavePhase.Reclaimed || now.Gone) return Reply.Done(s);
        if (!late || now.Phase is not (SavePhase.Expired or SavePhase.Abandoned) || Keeping.IsNeeded(s, save)) return Reply.Refuse(s);
        return Reply.Accept(s.With(save, now.Phase == SavePhase.Abandoned
            ? now with { Gone = true }
            : now with { Phase = SavePhase.Reclaimed, Intact = 0, Damaged = 0 }));
    }
}
