using System.Globalization;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Narration;
using Lineage.Tests.Property.Restores;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Narration;

public sealed class NarratorTests
{
    [Fact]
    public void Every_event_of_a_whole_life_has_its_line()
    {
        var ledger = new Ledger();
        for (var seed = 0; seed < 10; seed++)
        {
            var story = new byte[60];
            new Random(seed).NextBytes(story);
            foreach (var step in story) ledger.Play(step);
        }

        object[] rest =
        [
            new RankJoined(Demo, new Generation(1), new Rank(0), "host", 7, At(0)),
            new LeaseExpired(Demo, new Generation(1), Launcher, At(0)),
            new RunCompleted(Demo, new Generation(1), new Step(1_200), Layout, At(0)),
        ];
        var told = ledger.All.Select(static e => e.Event).Concat(rest).Concat(Format.Samples.Events).ToList();
        Assert.Equal(EventCatalog.Names.Keys.ToHashSet(), told.Select(static e => e.GetType()).ToHashSet());
        Assert.All(told, static e =>
        {
            var line = Narrator.Summary(e);
            Assert.InRange(line.Length, 10, Narrator.CharactersMax);
            Assert.DoesNotContain('\n', line);
        });
    }

    [Fact]
    public void Lines_have_figures_with_units_the_same_in_every_culture()
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberGroupSeparator = "'", NumberDecimalSeparator = "," } };
        try
        {
            ExpectInvariantLines();
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    static void ExpectInvariantLines()
    {
        CheckpointSealed seal = new(Id(1, 10), Layout, 3_565_158, 1_258_291, At(0));
        Assert.Equal($"sealed: 1.2 MiB stored of 3.4 MiB raw (manifest {Layout.Short}…)", Narrator.Summary(seal));
        Assert.Equal(
            "recovered at step 1,200: 1 step to do again",
            Narrator.Summary(new RecoveryCompleted(RecoveryInto(2), new Step(1_200), 1, At(0))));
        Assert.Equal("512 B", Quantities.Bytes(512));
        Assert.Equal("7.5 ms", Quantities.Milliseconds(7_500));
    }

    [Fact]
    public void A_text_from_outside_cannot_break_the_line() => Assert.Equal(
        Narrator.CharactersMax, Narrator.Summary(
        new LeaseReleased(Demo, new Generation(1), Launcher, new string('x', 900) + "\nfake entry", At(0))).Length);
}
