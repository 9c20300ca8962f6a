using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Histories;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>A bad link between a run and its server or its broker, through a proxy of our own. What a proxy really did is what was
/// seen.</summary>
static class LinkHands
{
    const long DelayMs = 40, BytesASecond = 64 << 10, CutBytes = 600, FlipEvery = 401;

    public static Task<string?> DelayAsync(FilePlay play, ScheduledFault fault) => HurtAsync(
        play, fault, new LinkState(Delay: Milliseconds(fault, DelayMs)), static tally => tally.Delayed, "pieces were late");

    public static Task<string?> JitterAsync(FilePlay play, ScheduledFault fault) => HurtAsync(
        play, fault, new LinkState(Jitter: Milliseconds(fault, 3 * DelayMs)), static tally => tally.Delayed,
        "pieces were late, each by another time");

    public static Task<string?> ThrottleAsync(FilePlay play, ScheduledFault fault) => HurtAsync(
        play, fault, new LinkState(BytesPerSecond: Amount(fault, BytesASecond)), static tally => tally.Delayed, "pieces had to wait");

    /// <summary>Byte by byte, or so many at a time as the amount says.</summary>
    public static Task<string?> DripAsync(FilePlay play, ScheduledFault fault) => HurtAsync(
        play, fault, new LinkState(DripBytes: (int)Amount(fault, 1)), static tally => tally.Dripped, "pieces came drop by drop");

    public static Task<string?> CutAsync(FilePlay play, ScheduledFault fault) => HurtAsync(
        play, fault, new LinkState(CutAfterBytes: Amount(fault, CutBytes)), static tally => tally.Cut,
        "connections ended in the middle of what was sent");

    public static Task<string?> CorruptAsync(FilePlay play, ScheduledFault fault) => HurtAsync(
        play, fault, new LinkState(FlipEveryBytes: (int)Amount(fault, FlipEvery)), static tally => tally.Flipped,
        "bytes were changed on their way");

    public static Task<string?> HalfOpenAsync(FilePlay play, ScheduledFault fault) => HurtAsync(
        play, fault, new LinkState(HoldToServer: true, HoldToClient: true), static tally => tally.Held,
        "pieces were held on connections that stay open");

    /// <summary>Every connection there is and every new one.</summary>
    public static Task<string?> ResetAsync(FilePlay play, ScheduledFault fault)
    {
        play.Links.To(fault.Target)?.ResetAll();
        return HurtAsync(
            play, fault, new LinkState(RefuseNew: true), static tally => tally.Reset, "connections were broken off or refused");
    }

    public static Task HealAsync(FilePlay play, ScheduledFault fault)
    {
        if (play.Links.To(fault.Target) is not { } proxy) return Task.CompletedTask;
        proxy.State = LinkState.Healthy;
        play.Stage.Note("nemesis", "what the link did until it was healed", proxy.Tally.ToString());
        return Task.CompletedTask;
    }

    /// <summary>The link is bad from here on; the run goes on and is waited for until it has met that.</summary>
    static async Task<string?> HurtAsync(
        FilePlay play, ScheduledFault fault, LinkState state, Func<LinkTally, long> count, string what)
    {
        if (play.Links.To(fault.Target) is not { } proxy || play.Launcher is not { HasExited: false } launcher) return null;
        var before = count(proxy.Tally);
        proxy.State = state;
        play.LetGo(fault);
        await play.Stage.UntilAsync(
            "the link to be felt", () => Task.FromResult(launcher.HasExited || count(proxy.Tally) > before));
        return count(proxy.Tally) > before ? $"{count(proxy.Tally) - before} {what}" : null;
    }

    static TimeSpan Milliseconds(ScheduledFault fault, long otherwise) => TimeSpan.FromMilliseconds(Amount(fault, otherwise));

    static long Amount(ScheduledFault fault, long otherwise) => fault.Amount > 0 ? fault.Amount : otherwise;
}
