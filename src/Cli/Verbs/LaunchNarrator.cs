using System.Globalization;
using Lineage.Agents.Launching;
using Lineage.Agents.Training;
using Lineage.Cli.Rendering;
using Lineage.Cli.Terminal;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary>
/// Tells on standard error what a launch does: every turn of events, and progress as a moving line on a terminal, else a line every ten
/// seconds.
/// </summary>
internal sealed class LaunchNarrator(Invocation call, RunId run, Step last, WorldSize world)
{
    static readonly TimeSpan QuietMax = TimeSpan.FromSeconds(10), FrameMin = TimeSpan.FromMilliseconds(100);

    const int CauseLengthMax = 160;
    readonly HashSet<Rank> ready = [];
    readonly HashSet<string> told = new(StringComparer.Ordinal);
    long lastTold;
    bool moving;

    public void Hear(LaunchNote note)
    {
        switch (note)
        {
            case LaunchNote.GenerationStarted started:
                ready.Clear();
                told.Clear();
                Say(Tone.Strong,
                    $"{run}: generation {started.Generation}, {Units.Count(world.Value, "rank")}, from {From(started)}: {started.Why}");
                break;
            case LaunchNote.RankSaid said:
                Hear(said.Event);
                break;
            case LaunchNote.GenerationFailed failed:
                Say(Tone.Warn, $"{run}: generation {failed.Generation} failed: {Short(failed.Failure.Cause)}");
                break;
            case LaunchNote.Recovered recovered:
                var t = recovered.Timing;
                Say(Tone.Good,
                    $"{run}: recovered in {Units.Duration(t.Total)} (noticed {Units.Duration(t.Detect)}, " +
                    $"stopped {Units.Duration(t.Stop)}, " +
                    $"" +
                    $"decided {Units.Duration(t.Decide)}, verified {Units.Duration(t.Verify)}, started {Units.Duration(t.Start)}, " +
                    $"restored {Units.Duration(t.Restore)}, first step {Units.Duration(t.FirstStep)}); " +
                    $"{Units.Count(t.LostSteps, "step")} done again");
                break;
            case LaunchNote.Warned warned:
                Say(Tone.Warn, warned.Message);
                break;
        }
    }

    void Hear(RankEvent said)
    {
        switch (said.Event)
        {
            case RankEventKind.Ready when ready.Add(said.Rank) && ready.Count == world.Value:
                Say(Tone.Plain, $"{run}: all ranks ready at step {said.Step}");
                break;
            case RankEventKind.Error when said.Code is not ProblemCodes.PeerLost
                && told.Add(said.Message ?? ""):   // the failure that follows says who was lost
                Say(Tone.Warn, $"{run}: rank {said.Rank}: {said.Message}");
                break;
            case RankEventKind.Step when said.Rank.Value == 0:
                Progress(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{run}: step {said.Step}/{last}, loss {said.Loss:0.0000}, {said.Milliseconds:0} ms a step"));
                break;
            case RankEventKind.Alive when said.Rank.Value == 0:
                Progress($"{run}: ranks are alive ({ready.Count}/{world} ready)");
                break;
        }
    }

    /// <summary>The first words of all ranks' ends: the whole message of each kind was told when it came.</summary>
    static string Short(string cause) => cause.Length <= CauseLengthMax ? cause : cause[..CauseLengthMax] + " ...";

    static string From(LaunchNote.GenerationStarted started) => started.RestorePoint?.ToString() ?? "the initial state";

    public void Settle()
    {
        if (!moving) return;
        moving = false;
        Console.Error.WriteLine();
    }

    void Say(Tone tone, string text)
    {
        Settle();
        lastTold = call.Clock.GetTimestamp();
        call.Outlet.Narrate(new Line((text, tone)));
    }

    void Progress(string text)
    {
        var quiet = call.Clock.GetElapsedTime(lastTold);
        if (quiet < (Outlet.IsWatched ? FrameMin : QuietMax)) return;
        lastTold = call.Clock.GetTimestamp();
        if (!Outlet.IsWatched)
        {
            Console.Error.WriteLine(text);
            return;
        }

        Console.Error.Write($"\r{text}\x1b[K");
        moving = true;
    }
}
