using System.Globalization;
using Lineage.Agents.Safetensors;
using Lineage.Agents.Shards;
using Lineage.Agents.Tiers;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Restoring;

/// <param name="ReadBytes">Stored bytes that were read along the chains of all ranks.</param>
public sealed record Exported(
    CheckpointId Checkpoint, string Directory, IReadOnlyList<SafetensorsFile> Files, long ReadBytes, long WrittenBytes, TimeSpan Took);

/// <summary>
/// Rebuilds a whole checkpoint and writes it as safetensors: <c>model.safetensors</c> with every tensor put together from all ranks'
/// rectangles, and <c>rank-00003.safetensors</c> with what belongs to one rank only (its random state, its data cursor). What is larger
/// than a file may be becomes several, with an index beside them (<see cref="SafetensorsSplit"/>).
/// </summary>
/// <remarks>
/// Every chunk is checked on the way. The files appear together: they are written into a folder beside the target, which takes the
/// target's name at the end; a crash before that leaves that folder, whose name ends in <c>.tmp</c>, and no target.
/// </remarks>
/// <param name="fileBytesMax">Tensor bytes of one file.</param>
public sealed class CheckpointExporter(ITier tier, TimeProvider clock, long fileBytesMax = SafetensorsLimits.FileBytesMax)
{
    /// <param name="directory">Must be empty or not exist.</param>
    /// <exception cref="ShardDamagedException">A shard is not what was recorded; nothing was left in the target.</exception>
    /// <exception cref="LineageProblemException">target-not-empty, restore-mismatch, layout-mismatch, disk-full,
    /// directory-unwritable.</exception>
    public async Task<Exported> ExportAsync(ChainView plan, string directory, CancellationToken ct)
    {
        var started = clock.GetTimestamp();
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        RequireEmpty(target, plan.Checkpoint);
        var chains = OpenAll(plan);
        var staging = Path.Combine(
            Path.GetDirectoryName(target) ?? target,
            string.Create(CultureInfo.InvariantCulture, $".{Path.GetFileName(target)}.{Environment.ProcessId}.tmp"));
        try
        {
            var files = await WriteAsync(plan, chains, staging, ct);
            Publish(staging, target);
            return new Exported(
                plan.Checkpoint, target, files, chains.Sum(static chain => chain.ReadBytes), files.Sum(static file => file.Bytes),
                clock.GetElapsedTime(started));
        }
        catch (ShardFormatException e)
        {
            throw (chains.FirstOrDefault(chain => chain.Holds(e.File)) ?? chains[0]).Blame(e);
        }
        catch (ShardLayoutException e)
        {
            throw new LineageProblemException(Problem.Of(
                ProblemCodes.LayoutMismatch, 409, "Ranks do not fit together",
                $"Checkpoint {plan.Checkpoint} cannot be exported: {e.Message}"), e);
        }
        catch (Exception e) when (DurableFile.Classify(e, target) is not null)
        {
            throw DurableFile.Classify(e, target)!;
        }
        finally
        {
            foreach (var chain in chains) chain.Dispose();
            if (Directory.Exists(staging)) Directory.Delete(staging, recursive: true);
        }
    }

    List<PlannedChain> OpenAll(ChainView plan)
    {
        var chains = new List<PlannedChain>();
        try
        {
            var ranks = plan.Links is [.., var last] ? last.Shards.Count : 1;
            for (var rank = 0; rank < ranks; rank++) chains.Add(PlannedChain.Open(tier, plan, new Rank(rank), ReadIntent.Use));
            return chains;
        }
        catch
        {
            foreach (var chain in chains) chain.Dispose();
            throw;
        }
    }

    async Task<List<SafetensorsFile>> WriteAsync(ChainView plan, List<PlannedChain> chains, string staging, CancellationToken ct)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["format"] = "pt",   // what Python readers expect of tensors in this layout
            ["lineage.checkpoint"] = plan.Checkpoint.ToString(),
            ["lineage.manifest"] = plan.Links[^1].ManifestHash.ToString() ?? "",
        };
        var shared = TensorMerge.Of([.. chains.Select(static chain => (ITensorBytes)new ChosenTensors(chain.Shards.Bytes, IsShared))]);
        List<SafetensorsFile> files = [.. await SafetensorsSplit.WriteAsync(staging, "model", shared, metadata, fileBytesMax, ct)];
        foreach (var chain in chains)
        {
            var own = new ChosenTensors(chain.Shards.Bytes, static tensor => !IsShared(tensor));
            if (own.Tensors.Count == 0) continue;
            var tensors = Enumerable.Range(0, own.Tensors.Count).Select(i => SafetensorsTensor.Whole(own, i)).ToList();
            files.AddRange(
                await SafetensorsSplit.WriteAsync(staging, TensorMerge.FileStem(chain.Rank), tensors, metadata, fileBytesMax, ct));
        }

        return files;
    }

    /// <summary>A random state or a cursor means something to its rank only, even where all ranks call it the same.</summary>
    static bool IsShared(TensorSpec tensor) => tensor.Role is not (TensorRole.Rng or TensorRole.DataCursor);

    static void Publish(string staging, string target)
    {
        if (Directory.Exists(target)) Directory.Delete(target);   // it was empty; a file that appeared since makes this fail
        Directory.Move(staging, target);
        NativeFiles.SyncDirectory(Path.GetDirectoryName(target) ?? target);
    }

    static void RequireEmpty(string target, CheckpointId checkpoint)
    {
        if (!File.Exists(target) && (!Directory.Exists(target) || !Directory.EnumerateFileSystemEntries(target).Any())) return;
        throw new LineageProblemException(Problem.Of(
            ProblemCodes.TargetNotEmpty, 409, "Target not empty",
            $"Checkpoint {checkpoint} was not exported: {target} exists and is not an empty directory. Nothing was read or written. " +
            "Choose a new directory, or empty that one."));
    }
}
