using Lineage.Agents.Client;
using Lineage.Agents.Reporting;
using Lineage.Agents.Tiers;
using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Scenarios.Real;
using Lineage.Contracts.Api;
using Lineage.Contracts.Messages;
using Lineage.Tests.Property.Reporting;
using Lineage.Tests.Property.Saving;
using Microsoft.Extensions.Time.Testing;

namespace Lineage.Tests.Property.Chaos;

public sealed class FaultyClockTests : IDisposable
{
    static readonly DateTimeOffset Begin = new(2026, 4, 17, 8, 0, 0, TimeSpan.Zero);

    readonly TempDirectory directory = new();
    readonly FakeTimeProvider machine = new(Begin);
    readonly List<string> warnings = [];

    string File => Path.Combine(directory.Path, "clock");

    [Fact]
    public void Without_a_file_named_the_clock_is_the_machines_own_and_nobody_is_warned()
    {
        Assert.Same(machine, FaultyClock.Armed(null, machine, warnings.Add));
        Assert.Same(machine, FaultyClock.Machine(machine));
        Assert.Empty(warnings);
    }

    [Fact]
    public void The_time_of_day_obeys_the_file_at_once_and_what_elapses_does_not()
    {
        var clock = Armed();
        Assert.Equal(Begin, clock.GetUtcNow());
        var since = clock.GetTimestamp();
        foreach (var (setting, expected) in new[]
        {
            (new ClockSetting(TimeSpan.FromHours(1), null), Begin.AddHours(1)),
            (new ClockSetting(TimeSpan.FromHours(-1), null), Begin.AddHours(-1)),
            (new ClockSetting(TimeSpan.Zero, Begin.AddDays(-1)), Begin.AddDays(-1)),
            (ClockSetting.True, Begin),
        })
        {
            FaultyClock.Set(File, setting);
            Assert.Equal(expected, clock.GetUtcNow());
            Assert.Equal(setting, ClockSetting.Parse(setting.ToString()));
        }

        Assert.Equal(TimeSpan.Zero, clock.GetElapsedTime(since));
        Assert.Equal(1 + 4, warnings.Count);   // that it can be set wrong, and each time that it was
        Assert.All(warnings, static one => Assert.StartsWith("CHAOS: ", one, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("offset")]
    [InlineData("offset 1h")]
    [InlineData("offset 9223372036854775807")]
    [InlineData("at now")]
    public void What_sets_no_clock_is_refused_at_start_and_not_obeyed_later(string text)
    {
        var clock = Armed();
        System.IO.File.WriteAllText(File, text);
        Assert.Equal(Begin, clock.GetUtcNow());
        Assert.Contains(warnings, static one => one.Contains("is not obeyed", StringComparison.Ordinal));
        Assert.Throws<FormatException>(Armed);
    }

    [Fact]
    public void A_steady_clock_goes_on_with_what_elapses_whatever_the_time_of_day()
    {
        var steady = SteadyClock.Over(Armed());
        FaultyClock.Set(File, new ClockSetting(TimeSpan.FromHours(-1), null));
        machine.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(Begin.AddSeconds(5), steady.GetUtcNow());
        Assert.Same(steady, SteadyClock.Over(steady));
    }

    /// <summary>Found with clock-backwards and clock-jump: waits were measured by the time of day.</summary>
    [Fact]
    public async Task A_clock_that_goes_back_does_not_hold_back_a_report_that_waits_to_be_sent_again()
    {
        using var sent = new SemaphoreSlim(0);
        var outbox = Outbox.Open(Path.Combine(directory.Path, "outbox"), static _ => { });
        await outbox.AddAsync(OutboxLaws.Fact(1), NoSteps.Instance, CancellationToken.None);
        await using var publisher = new Counting(sent);
        await using var pump = new OutboxPump(outbox, publisher, static (_, _) => throw Away(), Armed(), static _ => { });
        pump.Start();
        Assert.True(await sent.WaitAsync(TimeSpan.FromSeconds(30)), "the report was never sent");
        FaultyClock.Set(File, new ClockSetting(TimeSpan.FromHours(-1), null));
        var again = false;
        for (var second = 0; second < 120 && !again; second++)
        {
            machine.Advance(TimeSpan.FromSeconds(1));
            again = await sent.WaitAsync(TimeSpan.FromMilliseconds(50));
        }

        Assert.True(again, "the report was not sent again within two minutes");
    }

    [Fact]
    public void What_a_wrong_clock_dated_is_told_back_in_the_machines_time()
    {
        var record = new ClockRecord();
        var (wrong, end) = (Begin.AddSeconds(10), Begin.AddSeconds(60));
        record.Set(wrong, new ClockSetting(TimeSpan.FromHours(-1), null));
        record.Set(Begin.AddSeconds(20), ClockSetting.True);
        record.Set(Begin.AddSeconds(30), new ClockSetting(TimeSpan.Zero, Begin.AddSeconds(30)));
        record.Set(Begin.AddSeconds(45), ClockSetting.True);
        Assert.Equal(Begin.AddSeconds(5), record.MachineTime(Begin.AddSeconds(5), end));
        Assert.Equal(Begin.AddSeconds(15), record.MachineTime(Begin.AddSeconds(15).AddHours(-1), end));
        Assert.Equal(Begin.AddSeconds(25), record.MachineTime(Begin.AddSeconds(25), end));
        Assert.Equal(Begin.AddSeconds(30), record.MachineTime(Begin.AddSeconds(30), end));
        Assert.Equal(TimeSpan.FromSeconds(15), record.StoodStill(end));
        Assert.True(record.IsTrue);
    }

    TimeProvider Armed() => FaultyClock.Armed(File, machine, warnings.Add);

    static LineageProblemException Away() =>
        new(Problem.Of(ProblemCodes.ServerUnreachable, 503, "Nobody answers", "The service is away. Nothing was asked."));

    public void Dispose() => directory.Dispose();

    /// <summary>Takes what it is given, and counts.</summary>
    sealed class Counting(SemaphoreSlim sent) : IFactPublisher
    {
        public Task PublishAsync(IReadOnlyList<FactMessage> facts, CancellationToken ct)
        {
            sent.Release();
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
