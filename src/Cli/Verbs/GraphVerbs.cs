using System.CommandLine;
using Lineage.Attesting;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary>
/// Questions to the graph: <c>checkpoint blast-radius|compare|incomplete</c>,
/// <c>run restores|continuity|exposure|spikes|findings</c> and <c>evidence</c>.
/// </summary>
internal static class GraphVerbs
{
    const int ItemsMax = 100_000;

    /// <summary>Verbs of <c>checkpoint</c>.</summary>
    public static IEnumerable<Command> OfCheckpoints(Globals globals) => [BlastRadius(globals), Compare(globals), Incomplete(globals)];

    /// <summary>Verbs of <c>run</c>.</summary>
    public static IEnumerable<Command> OfRuns(Globals globals) =>
        [Restores(globals), Continuity(globals), Exposure(globals), Spikes(globals), Findings(globals)];

    static Command BlastRadius(Globals globals)
    {
        var (reference, asOf) = (Inputs.Reference(), QuestionVerbs.AsOf());
        var count = Inputs.Count("--number", "At most so many dependants", 50, 1, ItemsMax, "-n");
        var command = new Command("blast-radius", "What the loss of a checkpoint's bytes takes with it.") { reference, count, asOf };
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var id = await call.CheckpointAsync(client, call.Value(reference), ct);
            var first = await client.GetBlastRadiusAsync(id, call.Value(asOf), after: null, Math.Min(call.Value(count), 1000), ct);
            var all = first.Dependants.ToList();
            for (var page = first; page.Next is not null && all.Count < call.Value(count);)
            {
                page = await client.GetBlastRadiusAsync(
                    id, call.Value(asOf), page.Next, Math.Min(call.Value(count) - all.Count, 1000), ct);
                all.AddRange(page.Dependants);
            }

            var radius = first with { Dependants = all };
            call.Outlet.Write(Answer.Report(
                radius, radius.Dependants, static d => d.Checkpoint.ToString(), screen => GraphPage.Draw(radius, screen)));
            return ExitCodes.Done;
        });
    }

    static Command Compare(Globals globals)
    {
        var (from, to, asOf) = (Inputs.Reference("A"), Inputs.Reference("B"), QuestionVerbs.AsOf());
        var command = new Command("compare", "What the record says of two checkpoints; diff compares their tensors.") { from, to, asOf };
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var a = await call.CheckpointAsync(client, call.Value(from), ct);
            var b = await call.CheckpointAsync(client, call.Value(to), ct);
            var comparison = await client.CompareAsync(a, b, call.Value(asOf), ct);
            call.Outlet.Write(Answer.One(comparison, $"{a}..{b}", screen => ComparisonPage.Draw(comparison, screen)));
            return ExitCodes.Done;
        });
    }

    static Command Incomplete(Globals globals)
    {
        var (run, asOf) = (Inputs.OptionalRun("Name of a run; all runs without it."), QuestionVerbs.AsOf());
        var abandoned = new Option<bool>("--abandoned") { Description = "Also saves that were closed without all their shards." };
        var command = new Command("incomplete", "Saves with missing ranks: which, since when, until when.") { run, abandoned, asOf };
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var saves = await Invocation.AllAsync<IncompleteSave>((after, limit, token) =>
                client.ListIncompleteSavesAsync(
                    call.Value(run), call.Value(abandoned), call.Value(asOf), after, limit, token), ItemsMax, ct);
            call.Outlet.Write(Answer.Many(saves, static save => save.Checkpoint.ToString(), screen => GraphPage.Incomplete(saves, screen)));
            return ExitCodes.Done;
        });
    }

    static Command Restores(Globals globals)
    {
        var (run, asOf) = (Inputs.Run(), QuestionVerbs.AsOf());
        var of = new Option<string?>("--of") { Description = "Only restores of this checkpoint.", HelpName = "REF" };
        var count = Inputs.Count("--number", "At most so many, newest first", 100, 1, ItemsMax, "-n");
        var command = new Command("restores", "Who restored or exported what, when, why, and what came of it.") { run, of, count, asOf };
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            CheckpointId? id = call.Value(of) is { } text ? await call.CheckpointAsync(client, text, ct) : null;
            var restores = await Invocation.AllAsync<Restoration>((after, limit, token) => id is { } known
                ? client.ListRestoresAsync(known, call.Value(asOf), after, limit, token)
                : client.ListRestoresAsync(call.Value(run), call.Value(asOf), after, limit, token), call.Value(count), ct);
            call.Outlet.Write(Answer.Many(restores, static r => r.Name, screen => GraphPage.Restores(restores, screen)));
            return ExitCodes.Done;
        });
    }

    static Command Continuity(Globals globals)
    {
        var (run, asOf) = (Inputs.Run(), QuestionVerbs.AsOf());
        var command = new Command("continuity", "Whether restarts skipped or repeated data.") { run, asOf };
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var continuity = await client.GetContinuityAsync(call.Value(run), call.Value(asOf), ct);
            call.Outlet.Write(Answer.One(
                continuity, continuity.Verdict.ToString().ToLowerInvariant(), screen => AssurancePage.Continuity(continuity, screen)));
            return continuity.Verdict is ContinuityVerdict.Skipped or ContinuityVerdict.Repeated ? ExitCodes.FoundDamage : ExitCodes.Done;
        });
    }

    static Command Exposure(Globals globals)
    {
        var run = new Option<RunId?>("--run")
        {
            Description = "Only checkpoints of this run.",
            HelpName = "RUN",
            CustomParser = static result => Inputs.Optional(result, RunId.Parse),
        };
        var asOf = QuestionVerbs.AsOf();
        var days = Inputs.Count("--days", "Not read back for so many days", 30, 0, 36_500);
        var count = Inputs.Count("--number", "At most so many, longest unread first", 20, 1, 1000, "-n");
        var command = new Command("exposure", "Checkpoints that nobody read back, and events that nothing outside vouches for.")
            { run, days, count, asOf };
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var exposure = await client.GetExposureAsync(
                call.Value(days), call.Value(run), call.Value(asOf), after: null, call.Value(count), ct);
            call.Outlet.Write(Answer.Report(
                exposure, exposure.Unchecked, static c => c.Checkpoint.ToString(), screen => AssurancePage.Exposure(exposure, screen)));
            return ExitCodes.Done;
        });
    }

    static Command Spikes(Globals globals)
    {
        var run = Inputs.Run();
        var metric = new Option<string>("--metric")
        {
            Description = $"Name of the metric (default {MetricNames.Loss}).",
            HelpName = "NAME",
            DefaultValueFactory = static _ => MetricNames.Loss,
        };
        var threshold = Inputs.Value("--threshold", "Modified z-score above which a point is part of a spike (default 3.5).", "Z",
            static text => double.Parse(text, System.Globalization.CultureInfo.InvariantCulture));
        var command = new Command("spikes", "Where the loss left what was usual.") { run, metric, threshold };
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var report = await client.GetSpikesAsync(call.Value(run), call.Value(metric)!, call.Value(threshold), ct);
            call.Outlet.Write(Answer.Report(
                report, report.Spikes, static spike => spike.FirstStep.ToString(), screen => AssurancePage.Spikes(report, screen)));
            return ExitCodes.Done;
        });
    }

    static Command Findings(Globals globals)
    {
        var run = Inputs.Run();
        return globals.Runs(new Command("findings", "What does not fit together across a run's saves.") { run }, async (call, ct) =>
        {
            using var client = call.Client();
            var report = await client.GetFindingsAsync(call.Value(run), ct);
            call.Outlet.Write(Answer.Report(report, report.Findings, static f => f.Rule, screen => AssurancePage.Findings(report, screen)));
            return report.Findings.Any(static f => f.Severity == FindingSeverity.Warning) ? ExitCodes.FoundDamage : ExitCodes.Done;
        });
    }

    /// <summary><c>evidence REF --to FILE</c> and, from the file alone, <c>evidence verify FILE</c>.</summary>
    public static Command Evidence(Globals globals)
    {
        var (reference, to) = (Inputs.Reference(), new Option<string?>("--to") { Description = "File to write.", HelpName = "FILE" });
        var asOf = QuestionVerbs.AsOf();
        var file = new Argument<string>("FILE") { Description = "An evidence pack." };
        var verify = globals.Runs(new Command("verify", "Checks an evidence pack, from the file alone.") { file }, async (call, ct) =>
        {
            var bytes = await ReadAsync(call.Value(file), ct);
            return Judge(call, call.Value(file), bytes.Length, EvidenceVerifier.Verify(bytes));
        });
        var command = new Command("evidence", "Everything on record of a checkpoint in one file that can be checked alone.")
            { reference, to, asOf, verify };
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var id = await call.CheckpointAsync(client, call.Value(reference), ct);
            var path = call.Value(to) ?? $"evidence-{id.Run}-g{id.Generation}-s{id.Step}.json";
            var bytes = await client.GetEvidenceAsync(id, call.Value(asOf), ct);
            await WriteAsync(path, bytes, ct);
            return Judge(call, path, bytes.Length, EvidenceVerifier.Verify(bytes));
        });
    }

    static async Task WriteAsync(string path, byte[] bytes, CancellationToken ct)
    {
        try
        {
            await File.WriteAllBytesAsync(path, bytes, ct);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new LineageProblemException(Problem.Of(
                ProblemCodes.DirectoryUnwritable, 400, "The file cannot be written",
                $"{path}: {refused.Message} Nothing of the record was changed. Give another file with --to."), refused);
        }
    }

    static int Judge(Invocation call, string path, long bytes, EvidenceVerdict verdict)
    {
        var view = new EvidenceView(path, bytes, verdict.IsWhole, verdict);
        call.Outlet.Write(Answer.One(view, verdict.IsWhole ? "whole" : "damaged", screen => AssurancePage.Evidence(view, screen)));
        return verdict.IsWhole ? ExitCodes.Done : ExitCodes.FoundDamage;
    }

    static async Task<byte[]> ReadAsync(string path, CancellationToken ct)
    {
        try
        {
            return await File.ReadAllBytesAsync(path, ct);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new LineageProblemException(Problem.Of(
                ProblemCodes.FileUnreadable, 400, "The file cannot be read",
                $"{path}: {unreadable.Message} Nothing was changed. Make a pack with: lineage evidence REF --to FILE"), unreadable);
        }
    }

    /// <summary>Adds verbs to a noun.</summary>
    public static Command With(this Command noun, IEnumerable<Command> verbs)
    {
        foreach (var verb in verbs) noun.Subcommands.Add(verb);
        return noun;
    }
}
