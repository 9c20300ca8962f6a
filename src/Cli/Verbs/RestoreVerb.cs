using System.CommandLine;
using System.Security.Cryptography;
using Lineage.Agents.Client;
using Lineage.Agents.Restoring;
using Lineage.Agents.Tiers;
using Lineage.Cli.Rendering;
using Lineage.Cli.Terminal;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary><c>restore REF</c>: a plan; with <c>--to DIR</c> or <c>--yes</c>, the plan carried out: every chunk checked, safetensors
/// written.</summary>
internal static class RestoreVerb
{
    public static Command Create(Globals globals)
    {
        var reference = Inputs.Reference();
        var to = new Option<string?>("--to")
        {
            Description = "Directory to write safetensors into; must be empty or not exist.",
            HelpName = "DIR"
        };
        var yes = new Option<bool>("--yes", "-y") { Description = "Carry the plan out; without --to into RUN-gG-sSTEP here." };
        var world = RecoveryVerbs.World("Plan for this number of ranks: what becomes of each part. Files written with --to are the same.");
        var command = new Command("restore", "Shows how a checkpoint would be rebuilt; with --to, rebuilds it.")
            { reference, to, yes, world };
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var plan = await client.GetRestorePlanAsync(call.Value(reference), call.Value(world), ct);
            var target = call.Value(to) ?? (call.Value(yes) ? NameOf(plan.Checkpoint) : null);
            if (target is null)
            {
                call.Outlet.Write(Answer.One(
                    plan, plan.Checkpoint.ToString(), screen => RestorePlanPage.Draw(plan, call.Value(reference), screen)));
                return plan.Chain.Broken is null ? ExitCodes.Done : ExitCodes.FoundDamage;
            }

            call.Outlet.Narrate($"Restoring {plan.Checkpoint}: {plan.Why}");
            return await ExecuteAsync(call, client, plan, Path.GetFullPath(target), ct);
        });
    }

    static string NameOf(CheckpointId id) => $"{id.Run}-g{id.Generation}-s{id.Step}";

    static async Task<int> ExecuteAsync(Invocation call, LineageClient client, RestorePlan plan, string target, CancellationToken ct)
    {
        var exporter = new CheckpointExporter(new LocalDirectoryTier(call.StoreDirectory), call.Clock);
        var raw = plan.Chain.Links is [.., var last] ? last.Shards.Sum(static shard => shard.RawBytes) : 0;
        try
        {
            var exported = await ProgressBar.WhileAsync(
                $"restoring {plan.Checkpoint}", raw, () => WrittenSoFar(target), call.Clock, exporter.ExportAsync(plan.Chain, target, ct));
            var files = new List<RestoredFile>();
            foreach (var file in exported.Files)
                files.Add(new RestoredFile(file.Name, file.Tensors, file.Bytes,
                    await DigestAsync(Path.Combine(exported.Directory, file.Name), ct)));
            await RecordAsync(call, client, exported, files, ct);
            var view = new RestoredView(
                exported.Checkpoint, exported.Directory, files, exported.ReadBytes, exported.WrittenBytes, exported.Took.TotalSeconds);
            call.Outlet.Write(Answer.One(view, exported.Directory, screen => RestoredPage.Draw(view, screen)));
            return ExitCodes.Done;
        }
        catch (ShardDamagedException damaged)
        {
            await Facts.ReportAsync(call, client, damaged, "restore", ct);
            throw new LineageProblemException(Problem.Of(
                ProblemCodes.ShardDamaged, 409, "A stored shard is damaged",
                $"{damaged.Shard} is {damaged.Found.Finding.ToString().ToLowerInvariant()}: {damaged.Found.Detail} " +
                $"Nothing was written to {target}. " +
                $"The finding was reported, so that this checkpoint is no longer offered. Take another one: " +
                $"lineage restore-point list {plan.Checkpoint.Run} --explain"), damaged);
        }
    }

    /// <summary>
    /// The files are there whatever the service says now: what cannot be recorded is said and does not make the restore fail.
    /// </summary>
    static async Task RecordAsync(
        Invocation call, LineageClient client, Exported exported, List<RestoredFile> files, CancellationToken ct)
    {
        try
        {
            var target = $"{Environment.MachineName}:{exported.Directory}";
            await client.RecordExportAsync(
                exported.Checkpoint, new RecordExport("safetensors", target, exported.WrittenBytes, DigestOf(files)), ct);
        }
        catch (LineageProblemException problem)
        {
            call.Outlet.Narrate($"The export is whole, but is not on record: {problem.Problem.Detail} [{problem.Code}]");
        }
    }

    /// <summary>Of one file its SHA-256; of several that of the lines <c>sha256sum</c> prints of them, in order of name.</summary>
    static ContentHash DigestOf(List<RestoredFile> files) => files is [var only]
        ? only.Digest
        : ContentHash.Of(System.Text.Encoding.UTF8.GetBytes(string.Concat(files.OrderBy(static file => file.Name, StringComparer.Ordinal)
            .Select(static file => $"{file.Digest.Hex}  {file.Name}\n"))));

    /// <summary>The exporter writes into a hidden folder beside the target, which gets its name at the end.</summary>
    static long WrittenSoFar(string target)
    {
        var parent = Path.GetDirectoryName(target) ?? target;
        if (!Directory.Exists(parent)) return 0;
        return Directory.EnumerateDirectories(parent, $".{Path.GetFileName(target)}.{Environment.ProcessId}.tmp")
            .SelectMany(static folder => new DirectoryInfo(folder).EnumerateFiles()).Sum(static file => file.Length);
    }

    static async Task<ContentHash> DigestAsync(string path, CancellationToken ct)
    {
        await using var file = File.OpenRead(path);
        return ContentHash.FromDigest(await SHA256.HashDataAsync(file, ct));
    }
}
