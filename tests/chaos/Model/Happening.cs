namespace Lineage.Tests.Chaos.Model;

/// <summary>
/// What can happen, by name, and the step that it is. A conformance check looks the expected answer up here, so that the explored
/// specification and the expected answers cannot differ.
/// </summary>
sealed record Happening(string Name, Func<ModelState, object, bool> May, Func<ModelState, object, Reply> Step, object[] Cases)
{
    /// <summary>The name without the shard that it may be about.</summary>
    public string Verb => Name.StartsWith("deliver ", StringComparison.Ordinal) ? "deliver"
        : Name.StartsWith("fail ", StringComparison.Ordinal) ? "fail" : Name;

    public static string Delivers(Shard shard) => $"deliver {shard}";

    public static string Fails(Shard shard) => $"fail {shard}";

    /// <summary>Deliveries and failures are named one by one, because what they promise is promised shard by shard.</summary>
    public static IReadOnlyList<Happening> All { get; } =
    [
        Of("open", Slots, static (s, c) => Protocol.MayOpen(s, (int)c), static (s, c) => Protocol.Open(s, (int)c)),
        Of("store", Shard.All, static (s, c) => Protocol.MayStore(s, (int)c.Save, c.Rank),
            static (s, c) => Advance(s, c, ShardStage.Durable)),
        Of("report", Shard.All, static (s, c) => Protocol.MayReport(s, (int)c.Save, c.Rank),
            static (s, c) => Advance(s, c, ShardStage.Sent)),
        .. Shard.All.Select(static shard => Of(Delivers(shard), [shard],
            static (s, c) => Protocol.MayDeliver(s, (int)c.Save, c.Rank), static (s, c) => Protocol.Deliver(s, (int)c.Save, c.Rank))),
        .. Shard.All.Select(static shard => Of(Fails(shard), [shard], static (s, c) => s[(int)c.Save].Phase != SavePhase.Unopened,
            static (s, c) => Protocol.Fail(s, (int)c.Save, c.Rank))),
        Of("abandon", Abandonment.All, static (s, c) => s[(int)c.Save].Phase != SavePhase.Unopened,
            static (s, c) => Protocol.Abandon(s, (int)c.Save, c.IsTrue(s))),
        Of("sweep", World, static (s, _) => s.A.Phase == SavePhase.Open || s.B.Phase == SavePhase.Open, static (s, _) => Protocol.Sweep(s)),
        Of("verify", Found.All, static (s, c) => Protocol.MayVerify(s, (int)c.Shard.Save, c.Shard.Rank, c.Intact),
            static (s, c) => Protocol.Verify(s, (int)c.Shard.Save, c.Shard.Rank, c.Intact)),
        Of("expire", Slots, IsThere, static (s, c) => Protocol.Expire(s, (int)c)),
        Of("undo", Slots, IsThere, static (s, c) => Protocol.Undo(s, (int)c)),
        Of("reclaim", Reclaiming.All, static (s, c) => IsThere(s, c.Save), static (s, c) => Protocol.Reclaim(s, (int)c.Save, c.Late)),
        Of("crash", [0, 1, 2], static (s, rank) => s is { Dead: 0, IsRunning: true } && Protocol.MayMiss(s, rank),
            static (s, rank) => Reply.Accept(s with { Dead = (byte)(rank + 1) })),
        Of("lose lease", World, static (s, _) => s.Generation < Protocol.GenerationsMax, static (s, _) => Keeping.LoseLease(s)),
        Of("recover", Enum.GetValues<Launcher>(), static (s, _) => s.Generation < Protocol.GenerationsMax,
            static (s, c) => Keeping.Recover(s, (int)c)),
        Of("recover again", Enum.GetValues<Launcher>(), static (s, _) => s.Generation == Protocol.GenerationsMax,
            static (s, c) => Keeping.RecoverAgain(s, (int)c)),
        Of("choose again", World, static (s, _) => s.Turn == Turn.Restoring, static (s, _) => Keeping.ChooseAgain(s)),
        Of("restored", World, static (s, _) => s.Turn == Turn.Restoring, static (s, _) => Keeping.Restored(s)),
    ];

    static Slot[] World => [Slot.A];   // one case: nothing to tell apart

    static Slot[] Slots => Enum.GetValues<Slot>();

    static bool IsThere(ModelState s, Slot save) => s[(int)save].Phase != SavePhase.Unopened;

    static Reply Advance(ModelState s, Shard shard, ShardStage stage) =>
        Reply.Accept(s.With((int)shard.Save, s[(int)shard.Save].With(shard.Rank, stage)));

    static Happening Of<T>(string name, T[] cases, Func<ModelState, T, bool> may, Func<ModelState, T, Reply> step) where T : struct =>
        new(name, (s, c) => may(s, (T)c), (s, c) => Settled(step(s, (T)c)), [.. cases.Cast<object>()]);

    static Reply Settled(Reply reply) => reply with { After = Protocol.Settle(reply.After) };
}
