using System.Globalization;
using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <summary>
/// A bad link between a run and its service, through a proxy of our own: needs neither root nor anything of the kernel, so it runs wherever
/// the rest does.
/// </summary>
static class LinkScenarios
{
    const string Target = "server:0";

    /// <summary>Every request of launcher and ranks is late, from the first one on.</summary>
    public static Task LateAsync(Stage stage) =>
        ThroughoutAsync(stage, "link-delay", new LinkState(Delay: TimeSpan.FromMilliseconds(40)), "40 ms later in each direction");

    public static Task NarrowAsync(Stage stage) =>
        ThroughoutAsync(stage, "link-throttled", new LinkState(BytesPerSecond: 64 << 10), "64 KiB/s in each direction");

    static async Task ThroughoutAsync(Stage stage, string kind, LinkState state, string what)
    {
        await using var proxy = new TcpProxy(stage.World.Address.Port, stage.Clock) { State = state };
        var fault = stage.Inject(kind, Target, what);
        await stage.EndsAsync(stage.Launch(fault: null, Through(proxy)));
        if (proxy.Tally is { Delayed: > 0 } tally) stage.TookEffect(fault, $"{tally.Delayed} pieces were late");
        await stage.JudgeEndAsync();
    }

    /// <summary>Connections stay open and nothing goes through them, until both sides have tried in vain.</summary>
    public static async Task HalfOpenAsync(Stage stage)
    {
        const int piecesMin = 2;
        await using var proxy = new TcpProxy(stage.World.Address.Port, stage.Clock);
        var (launcher, rank) = await stage.LaunchStoppingAsync("opened", 3, Through(proxy));
        var fault = stage.Inject("half-open", Target, "half open: connections stay, nothing passes");
        proxy.State = new LinkState(HoldToServer: true, HoldToClient: true);
        ChildProcess.Send(rank, Signal.Continue);
        await stage.UntilAsync("requests to be held", () => Task.FromResult(proxy.Tally.Held >= piecesMin));
        stage.TookEffect(fault, $"{proxy.Tally.Held} pieces were held");
        proxy.State = LinkState.Healthy;
        stage.Healed(fault, "what was held was delivered");
        await stage.EndsAsync(launcher);
        await stage.JudgeEndAsync();
    }

    /// <summary>Several times in a row every connection breaks, and new ones are refused for as long as somebody needs to notice.</summary>
    public static async Task ResetsAsync(Stage stage)
    {
        const int rounds = 4;
        await using var proxy = new TcpProxy(stage.World.Address.Port, stage.Clock);
        var (launcher, rank) = await stage.LaunchStoppingAsync("opened", 2, Through(proxy));
        var fault = stage.Inject("tcp-reset", Target, $"{rounds} times every connection is reset and new ones are refused");
        ChildProcess.Send(rank, Signal.Continue);
        for (var round = 0; round < rounds && !launcher.HasExited; round++)
        {
            proxy.State = new LinkState(RefuseNew: true);
            var broken = proxy.Tally.Reset;
            proxy.ResetAll();
            await stage.UntilAsync("a connection to be broken", () => Task.FromResult(launcher.HasExited || proxy.Tally.Reset > broken));
            var passed = proxy.Tally.ToClient;
            proxy.State = LinkState.Healthy;
            await stage.UntilAsync("an answer to come through", () => Task.FromResult(
                launcher.HasExited || proxy.Tally.ToClient > passed));
        }

        if (proxy.Tally is { Reset: > 0 } tally) stage.TookEffect(fault, $"{tally.Reset} connections were broken off or refused");
        stage.Healed(fault, "the link is healthy");
        await stage.EndsAsync(launcher);
        await stage.JudgeEndAsync();
    }

    /// <summary>Launcher and ranks talk to the service through the proxy; keeper and harness do not.</summary>
    static string[] Through(TcpProxy proxy) =>
        ["--server", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{proxy.Port}/")];
}
