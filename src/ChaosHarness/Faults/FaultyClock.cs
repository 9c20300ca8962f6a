using System.Globalization;

namespace Lineage.ChaosHarness.Faults;

/// <summary>What a process' wall clock says beside the machine's.</summary>
/// <param name="Offset">Added to the machine's time.</param>
/// <param name="StandsAt">Where it stands still; null: it runs.</param>
public sealed record ClockSetting(TimeSpan Offset, DateTimeOffset? StandsAt)
{
    public static ClockSetting True { get; } = new(TimeSpan.Zero, null);

    public DateTimeOffset Of(DateTimeOffset machine) => StandsAt ?? machine + Offset;

    /// <summary><c>true</c>, <c>offset MILLISECONDS</c>, or <c>at UNIX-MILLISECONDS</c>.</summary>
    /// <exception cref="FormatException">It is none of these.</exception>
    public static ClockSetting Parse(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        switch
    {
        ["true"] => True,
        ["offset", var ms] when Number(ms) is { } offset => new(TimeSpan.FromMilliseconds(offset), null),
        ["at", var ms] when Number(ms) is { } at => new(TimeSpan.Zero, DateTimeOffset.FromUnixTimeMilliseconds(at)),
        _ => throw new FormatException($"\"{text}\" sets no clock; expected: true, offset MILLISECONDS, or at UNIX-MILLISECONDS."),
    };

    public override string ToString() => this == True ? "true"
        : StandsAt is { } at ? string.Create(CultureInfo.InvariantCulture, $"at {at.ToUnixTimeMilliseconds()}")
        : string.Create(CultureInfo.InvariantCulture, $"offset {(long)Offset.TotalMilliseconds}");

    static long? Number(string text)
    {
        const long most = 100L * 366 * 86_400 * 1_000;   // a century either way, or a moment before 2070
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && Math.Abs(number) <= most
            ? number : null;
    }
}

/// <summary>
/// A wall clock that a harness sets wrong while the process runs: ahead, behind, jumping, standing still. As in a kernel, only the time of
/// day is wrong; what elapses, and timers, are the machine's. Armed by the environment variable <see cref="Variable"/> only, which names
/// the file that holds a <see cref="ClockSetting"/>; without the file the clock is true. A production process has none.
/// </summary>
public sealed class FaultyClock : TimeProvider
{
    public const string Variable = "LINEAGE_CLOCK";

    readonly string path;
    readonly TimeProvider machine;
    readonly Action<string> warn;
    readonly Lock gate = new();
    string known = "";
    ClockSetting setting = ClockSetting.True;

    FaultyClock(string path, TimeProvider machine, Action<string> warn) => (this.path, this.machine, this.warn) = (path, machine, warn);

    /// <param name="path">Null or empty: the machine's clock as it is.</param>
    /// <param name="warn">Told that the clock can be set wrong, and each time that it is.</param>
    /// <exception cref="FormatException">The file is there and sets no clock.</exception>
    public static TimeProvider Armed(string? path, TimeProvider machine, Action<string> warn)
    {
        if (string.IsNullOrEmpty(path)) return machine;
        warn($"CHAOS: {Variable} is set, so {path} decides what time it is for this process. Never set it where it matters.");
        var clock = new FaultyClock(Path.GetFullPath(path), machine, warn);
        clock.setting = ClockSetting.Parse(clock.known = clock.Read());
        if (clock.setting != ClockSetting.True) warn($"CHAOS: the clock of this process is set wrong: {clock.setting}.");
        return clock;
    }

    /// <summary>The machine's own clock, for a witness that must not be deceived.</summary>
    public static TimeProvider Machine(TimeProvider clock) => clock is FaultyClock faulty ? faulty.machine : clock;

    /// <summary>Sets the clock of every process that was armed with this file.</summary>
    public static void Set(string path, ClockSetting setting)
    {
        File.WriteAllText(path + ".new", setting.ToString());
        File.Move(path + ".new", path, overwrite: true);   // nobody reads a half
    }

    public override DateTimeOffset GetUtcNow() => Now().Of(machine.GetUtcNow());

    public override long GetTimestamp() => machine.GetTimestamp();

    public override long TimestampFrequency => machine.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => machine.LocalTimeZone;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        machine.CreateTimer(callback, state, dueTime, period);

    /// <summary>The file is read at every look at the clock: a jump must strike at once.</summary>
    ClockSetting Now()
    {
        var text = Read();
        lock (gate)
        {
            if (string.Equals(text, known, StringComparison.Ordinal)) return setting;
            known = text;
            try
            {
                setting = ClockSetting.Parse(text);
                warn($"CHAOS: the clock of this process is now {(setting == ClockSetting.True ? "true again" : $"set wrong: {setting}")}.");
            }
            catch (FormatException e)
            {
                warn($"CHAOS: {path} is not obeyed, the clock stays as it was: {e.Message}");
            }

            return setting;
        }
    }

    string Read()
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception none) when (none is FileNotFoundException or DirectoryNotFoundException)
        {
            return ClockSetting.True.ToString();
        }
    }
}
