using System.CommandLine;
using System.Globalization;
using Lineage.ChaosHarness.Reports;
using Lineage.ChaosHarness.Sweeps;
using Lineage.ChaosHarness.Worlds;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Verbs;

/// <summary><c>chaos sweep</c>: every crash point, each way to die; with <c>--real</c> on real processes and a real disk as well.</summary>
internal static class ChaosSweepVerb
{
    const string DieName = "die";

    public static Command Create(Globals globals)
    {
        var seed = Inputs.Count("--seed", "Settles interleavings and contents", 1, 0, int.MaxValue);
        var real = new Option<bool>("--real")
        {
            Description = "Also kills real processes, and cuts the power of a real disk (root), at every durable step of storage.",
        };
        var (to, json) = (ChaosFiles.To(), ChaosSimVerbs.Json());
        var command = new Command("sweep", "Tries every way to die right after every step of saving, verifying, recovering and reclaiming.")
        {
            seed, real, to, json,
        };
        return globals.Runs(command, async (call, ct) =>
        {
            var report = SimulatedSweep.Run(call.Value(seed), call.Clock, ct);
            try
            {
                if (call.Value(real)) report = report.With(await new RealSweep(Program(), ["chaos", DieName], call.Clock)
                    .RunAsync(call.Value(seed), ct));
            }
            catch (WorldException broken)
            {
                Console.Error.WriteLine(broken.Message);
                return ChaosExit.Harness;
            }

            return Show(call, report, call.Value(to), call.Value(json), call.Value(real));
        });
    }

    /// <summary>The process that a real sweep kills: not for people.</summary>
    public static Command Die(Globals globals)
    {
        var (state, step) = (new Argument<string>("DIR") { Description = "Where to store." },
            new Argument<string>("STEP") { Description = "The durable step to die at." });
        var command = new Command(DieName, "Stores and kills itself at a durable step.") { state, step };
        command.Hidden = true;
        return globals.Runs(command, async (call, ct) =>
        {
            await StorageDeath.WorkAsync(call.Value(state)!, call.Value(step)!, ct);
            return ExitCodes.Done;
        });
    }

    static int Show(Invocation call, SweepReport report, string? to, bool json, bool real)
    {
        string[] again =
            ["chaos", "sweep", "--seed", report.Seed.ToString(CultureInfo.InvariantCulture), .. real ? ["--real"] : (string[])[]];
        var model = SweepReports.Model(report, CommandText.Of(again), to is null ? null : Path.Combine(to, "schedule.json"));
        if (to is not null) ChaosFiles.Write(to, model, report);
        if (json) Console.Out.WriteLine(ReportJson.Of(report));
        else call.Outlet.Write(Answer.Report(report, report.Rows, static one => one.Step, screen => Page(report, model, screen)));
        return model.ExitCode;
    }

    static List<Line> Page(SweepReport report, ReportModel model, Screen screen)
    {
        List<Line> lines = [];
        foreach (var level in report.Rows.GroupBy(static one => one.Level, StringComparer.Ordinal))
            lines.AddRange([.. Table([.. level]).Draw(screen), Line.Empty]);
        foreach (var one in report.Findings)
            lines.Add(new Line(
                ($"{one.Invariant} ", Tone.Bad), $"{one.Mode} right after {one.Step} of {one.Who}, {one.During}: {one.What}"));
        foreach (var skipped in report.Skipped) lines.Add(new Line(($"skipped: {skipped.Capability}: {skipped.Reason}", Tone.Warn)));
        if (model.HarnessFault is { } fault) lines.Add(new Line((fault, Tone.Bad)));
        lines.Add(new Line(string.Create(CultureInfo.InvariantCulture,
            $"{report.CrashPoints:N0} crash points, {report.Pairs:N0} with what happened there, {report.Struck:N0} of {report.Crashes:N0} ")
            + string.Create(
                CultureInfo.InvariantCulture, $"crashes struck, {report.Violations:N0} broke a promise; {report.Seconds:F1} s")));
        return lines;
    }

    static Table Table(List<CrashPointRow> rows)
    {
        var modes = rows.Select(static one => one.Mode).Distinct(StringComparer.Ordinal).ToList();
        var table = new Table([new("DURING"), new("RIGHT AFTER"), .. modes.Select(static mode => new Column(mode, Right: true))]);
        foreach (var moment in rows.Select(static one => (one.During, one.Step)).Distinct())
            table.Add(
            [
                moment.During, (moment.Step, Tone.Strong), .. modes.Select(mode => Cell(rows.Find(
                    one => (one.During, one.Step) == moment && string.Equals(one.Mode, mode, StringComparison.Ordinal)))),
            ]);
        return table;
    }

    static Piece Cell(CrashPointRow? one) => one is null ? ("", Tone.Dim)
        : one.Broken > 0 ? (string.Create(CultureInfo.InvariantCulture, $"{one.Broken} BROKEN"), Tone.Bad)
        : (string.Create(CultureInfo.InvariantCulture, $"{one.Struck}/{one.Tried}"), one.Struck == 0 ? Tone.Warn : Tone.Good);

    static string Program() =>
        Environment.ProcessPath ?? throw new InvalidOperationException("This process does not know its own executable.");
}
