using Lineage.ChaosHarness.Checkers;
using Lineage.ChaosHarness.Faults;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <summary>
/// What the harness made the server's clock say, and when by the machine's. Events carry the server's time; a judge that compares them with
/// what processes saw needs the true one, and since a clock here is off by far more than a scenario lasts, that can be told back.
/// </summary>
public sealed class ClockRecord
{
    /// <summary>Between setting a clock and the file's being there.</summary>
    static readonly TimeSpan Slack = TimeSpan.FromSeconds(1);

    readonly List<(DateTimeOffset From, ClockSetting Setting)> settings = [];

    public bool IsTrue => settings is [] || settings[^1].Setting == ClockSetting.True;

    public void Set(DateTimeOffset from, ClockSetting setting) => settings.Add((from, setting));

    /// <summary>How long it stood still until now: so long the order of events is not known.</summary>
    public TimeSpan StoodStill(DateTimeOffset now)
    {
        var sum = TimeSpan.Zero;
        for (var i = 0; i < settings.Count; i++)
            if (settings[i].Setting.StandsAt is not null) sum += Until(i, now) - settings[i].From;
        return sum;
    }

    /// <summary>The machine's time when the server's clock said so; of a clock that stood still, when it began to.</summary>
    public DateTimeOffset MachineTime(DateTimeOffset said, DateTimeOffset now)
    {
        for (var i = 0; i < settings.Count; i++)
        {
            var (from, setting) = settings[i];
            if (setting == ClockSetting.True) continue;
            if (setting.StandsAt is { } at)
            {
                if ((said - at).Duration() < TimeSpan.FromMilliseconds(1)) return from;
                continue;
            }

            var machine = said - setting.Offset;
            if (machine >= from - Slack && machine <= Until(i, now) + Slack) return machine;
        }

        return said;
    }

    /// <summary>The same streams, their events at the machine's time.</summary>
    /// <param name="beganAt">What the journal calls 0.</param>
    public IReadOnlyList<StreamEvidence> InMachineTime(IReadOnlyList<StreamEvidence> streams, DateTimeOffset beganAt, DateTimeOffset now) =>
        settings.Count == 0 ? streams
            : [.. streams.Select(stream => stream with { Events = [.. stream.Events.Select(one => one with
                { AtMs = (long)(MachineTime(beganAt.AddMilliseconds(one.AtMs), now) - beganAt).TotalMilliseconds })] })];

    DateTimeOffset Until(int i, DateTimeOffset now) => i + 1 < settings.Count ? settings[i + 1].From : now;
}
