using System.CommandLine;
using System.Text;
using Lineage.Agents.Client;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary><c>audit verify</c> and <c>audit heads</c>: whether the record is what was written.</summary>
internal static class AuditCheckVerbs
{
    static readonly TimeSpan SayEvery = TimeSpan.FromSeconds(5);

    public static Command Verify(Globals globals)
    {
        var run = Inputs.OptionalRun("Name of a run; without it, everything.");
        var against = new Option<string?>("--against")
        {
            Description = "A file of 'audit heads': nothing before it may have been replaced.",
            HelpName = "FILE",
        };
        return globals.Runs(
            new Command("verify", "Recomputes every digest and every link, and names the first event that does not hold.") { run, against },
            async (call, ct) =>
            {
                using var client = call.Client();
                var scope = call.Value<RunId?>(run);
                var (summary, findings) = await TrailAsync(call, client, scope, ct);
                var heads = call.Value(against) is { } file ? await AgainstAsync(client, file, scope, findings, ct) : null;
                var report = new AuditReport(summary, heads, findings);
                call.Outlet.Write(Answer.Report(
                    report, findings, static f => AuditPage.Place(f.Stream, f.Version), screen => AuditPage.Report(report, screen)));
                return findings.Count > 0 ? ExitCodes.FoundDamage : ExitCodes.Done;
            });
    }

    static async Task<(AuditSummary Summary, List<AuditFinding> Findings)> TrailAsync(
        Invocation call, LineageClient client, RunId? run, CancellationToken ct)
    {
        var (findings, summary, said) = (new List<AuditFinding>(), (AuditSummary?)null, call.Clock.GetTimestamp());
        await foreach (var line in client.VerifyAuditAsync(run, ct))
        {
            if (line.Finding is { } finding) findings.Add(finding);
            summary = line.Summary ?? summary;
            if (line.Progress is not { } progress || call.Clock.GetElapsedTime(said) < SayEvery) continue;
            said = call.Clock.GetTimestamp();
            call.Outlet.Narrate($"{Units.Count(progress.Events, "event")} in {Units.Count(progress.Streams, "stream")} checked");
        }

        return (summary ?? throw new LineageProblemException(Problem.Of(
            ProblemCodes.ServerUnreachable, 503, "The verification broke off",
            "The server ended its answer without a summary. Nothing was changed. Check again.")), findings);
    }

    static async Task<HeadsReport> AgainstAsync(
        LineageClient client, string file, RunId? run, List<AuditFinding> findings, CancellationToken ct)
    {
        var (batch, count, before) = (new List<AuditHead>(), 0L, findings.Count);
        try
        {
            var foot = await HeadsFile.ReadAsync(File.ReadLinesAsync(file, ct), async (head, token) =>
            {
                if (!IsOf(head.Stream, run)) return;
                count++;
                batch.Add(head);
                if (batch.Count == CheckHeads.HeadsMax) await CheckAsync(token);
            }, ct);
            if (batch.Count > 0) await CheckAsync(ct);
            return new HeadsReport(file, foot.At, count, foot.Digest, findings.Count - before);
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new LineageProblemException(Problem.Of(
                e is FormatException ? ProblemCodes.BadRequest : ProblemCodes.FileUnreadable, 400, "The heads cannot be read",
                $"{file}: {e.Message}. The record itself was checked; it was not compared with that file."), e);
        }

        async Task CheckAsync(CancellationToken token)
        {
            findings.AddRange((await client.CheckAuditHeadsAsync(new CheckHeads([.. batch]), token)).Findings);
            batch.Clear();
        }
    }

    static bool IsOf(string stream, RunId? run) => run is not { } id || string.Equals(stream, id.StreamKey, StringComparison.Ordinal)
        || stream.StartsWith($"checkpoint/{id}/", StringComparison.Ordinal)
        || stream.StartsWith($"recovery/{id}/", StringComparison.Ordinal);

    public static Command Heads(Globals globals)
    {
        var to = new Option<string>("--to") { Description = "File to write; it must not exist.", HelpName = "FILE", Required = true };
        return globals.Runs(
            new Command("heads", "Writes how far every stream goes, to check against later; keep it away from the database.") { to },
            async (call, ct) =>
            {
                using var client = call.Client();
                var path = Path.GetFullPath(call.Value(to)!);
                var foot = await NewFile.WriteAsync(path, (file, token) => CopyAsync(client, file, token), ct);
                var view = new HeadsReport(path, foot.At, foot.Streams, foot.Digest, 0);
                call.Outlet.Write(Answer.One(view, path, screen => AuditPage.HeadsWritten(view, screen)));
                return ExitCodes.Done;
            });
    }

    /// <summary>Checked while it is written: what broke off is not kept.</summary>
    static async Task<HeadsFoot> CopyAsync(LineageClient client, Stream file, CancellationToken ct)
    {
        try
        {
            return await HeadsFile.ReadAsync(Lines(), static (_, _) => Task.CompletedTask, ct);
        }
        catch (FormatException e)
        {
            throw new LineageProblemException(Problem.Of(
                ProblemCodes.ServerUnreachable, 503, "The heads did not arrive whole", $"{e.Message}. Nothing was kept. Ask again."), e);
        }

        async IAsyncEnumerable<string> Lines()
        {
            await foreach (var line in client.GetAuditHeadsAsync(ct))
            {
                await file.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), ct);
                yield return line;
            }
        }
    }
}
