namespace Lineage.Agents.Client;

/// <summary>
/// A clock for waiting: it starts at the time of day and goes on with what elapses, so that a wall clock that jumps, goes back or stands
/// still neither ends a wait early nor makes it last. What people read, and what is reported, keeps the wall clock.
/// </summary>
public sealed class SteadyClock : TimeProvider
{
    readonly TimeProvider clock;
    readonly DateTimeOffset from;
    readonly long since;

    SteadyClock(TimeProvider clock) => (this.clock, from, since) = (clock, clock.GetUtcNow(), clock.GetTimestamp());

    public static SteadyClock Over(TimeProvider clock) => clock as SteadyClock ?? new SteadyClock(clock);

    public override DateTimeOffset GetUtcNow() => from + clock.GetElapsedTime(since);

    public override long GetTimestamp() => clock.GetTimestamp();

    public override long TimestampFrequency => clock.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => clock.LocalTimeZone;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        clock.CreateTimer(callback, state, dueTime, period);
}
