namespace Lineage.Tests.Chaos.Model;

/// <summary>Which saves can be restored, which have to stay (policy: the latest one, at least one verified), and the recovery.</summary>
static class Keeping
{
    /// <summary>Verified, and so is what it is built on.</summary>
    public static bool IsWhole(ModelState s, int save) =>
        s[save].Phase == SavePhase.Verified && (!s[save].OnBase || s.A.Phase == SavePhase.Verified);

    /// <summary>A recovery that began now could choose among these, the newest first.</summary>
    public static bool IsRestorable(ModelState s, int save) => IsWhole(s, save) && IsOnLine(s, save);

    static int NewestRestorable(ModelState s) => IsRestorable(s, 1) ? 1 : IsRestorable(s, 0) ? 0 : -1;

    /// <summary>Generation 2 left the line of generation 1 at what it chose, once it had all ranks there or sealed something.</summary>
    static bool IsOnLine(ModelState s, int save)
    {
        var hasTurned = s.Turn == Turn.Completed || (s.Turn == Turn.Restoring && HasSealed(s, 2));
        return !s.IsStale(save) || !hasTurned || (s.Chosen > 0 && save <= s.Chosen - 1);
    }

    static bool HasSealed(ModelState s, int generation) =>
        (s.A.WasSealed && s.A.Generation == generation) || (s.B.WasSealed && s.B.Generation == generation);

    public static bool MayExpire(ModelState s, int save)
    {
        if (!s[save].IsSettled) return false;
        var (a, b) = (StaysItself(s, 0), StaysItself(s, 1));
        if (!HasVerifiedAmong(s, a, b))
        {
            var least = LastVerified(s);
            (a, b) = (a || least == 0, b || least == 1);
        }

        return !(save == 0 ? a || (b && s.B.OnBase) : b);
    }

    /// <summary>Stays for its own sake: under way, being restored, not judged yet, or the newest point.</summary>
    static bool StaysItself(ModelState s, int save) =>
        s[save].Phase == SavePhase.Open
        || (s.Turn == Turn.Restoring && s.Chosen == save + 1)
        || NewestRestorable(s) == save
        || (IsOnLine(s, save) && ((s[save].Phase == SavePhase.Sealed && !HasLostBase(s, save))
            || (s[save].Phase == SavePhase.Verified && WaitsForBase(s, save))));

    /// <summary>It can never be verified as long as its base is what it is.</summary>
    static bool HasLostBase(ModelState s, int save) => s[save].OnBase && s.A.Phase is SavePhase.Quarantined or SavePhase.Reclaimed;

    static bool WaitsForBase(ModelState s, int save) =>
        s[save].OnBase && s.A.Phase is SavePhase.Sealed or SavePhase.Expired;

    static bool HasVerifiedAmong(ModelState s, bool a, bool b) =>
        (a && s.A.Phase == SavePhase.Verified) || (b && s.B.Phase == SavePhase.Verified);

    /// <summary>On the line before off it, the newest first.</summary>
    static int LastVerified(ModelState s)
    {
        foreach (var onLine in (ReadOnlySpan<bool>)[true, false])
            for (var save = Protocol.Saves - 1; save >= 0; save--)
                if (s[save].Phase == SavePhase.Verified && IsOnLine(s, save) == onLine) return save;
        return -1;
    }

    /// <summary>Deltas with bytes, and recoveries under way.</summary>
    public static bool IsNeeded(ModelState s, int save) =>
        (save == 0 && s.B is { OnBase: true, HasBytes: true }) || (s.Turn == Turn.Restoring && s.Chosen == save + 1);

    public static Reply LoseLease(ModelState s) => s.LeaseHeld ? Reply.Accept(s with { LeaseHeld = false }) : Reply.Done(s);

    /// <summary>A launcher that knows the newest generation asks for the next one.</summary>
    public static Reply Recover(ModelState s, int launcher)
    {
        if (s.LeaseHeld && s.Holder != launcher) return Reply.Refuse(s);
        var next = s with { Generation = (byte)(s.Generation + 1), Holder = (byte)launcher, LeaseHeld = true, Dead = 0 };
        for (var save = 0; save < Protocol.Saves; save++)
            if (s[save].Phase == SavePhase.Open) next = next.With(save, Protocol.AllUnderWay(s[save]));
        return Reply.Accept(Choose(s, next));
    }

    /// <summary>The newest restore point; the initial state only if nothing was ever sealed; else it fails, without a lease.</summary>
    static ModelState Choose(ModelState s, ModelState next) => NewestRestorable(s) switch
    {
        >= 0 and var save => next with { Turn = Turn.Restoring, Chosen = (byte)(save + 1) },
        _ when s.A.WasSealed || s.B.WasSealed => next with { Turn = Turn.Failed, Chosen = 0, ChoseAgain = false, LeaseHeld = false },
        _ => next with { Turn = Turn.Restoring, Chosen = 0 },
    };

    /// <summary>A launcher that knows generation 1 only: its own repeat is answered, anybody else is too late.</summary>
    public static Reply RecoverAgain(ModelState s, int launcher) =>
        s.Holder == launcher && (s.Turn == Turn.Failed || (s.Turn == Turn.Restoring && !s.ChoseAgain))
            ? Reply.Done(s)
            : Reply.Refuse(s);

    /// <summary>Only what is no restore point any more is given up for another.</summary>
    public static Reply ChooseAgain(ModelState s) =>
        s.Chosen == 0 || IsRestorable(s, s.Chosen - 1) ? Reply.Refuse(s) : Reply.Accept(Choose(s, s with { ChoseAgain = true }));

    /// <summary>All ranks hold what was chosen.</summary>
    public static Reply Restored(ModelState s) => Reply.Accept(s with { Turn = Turn.Completed, ChoseAgain = false });
}
