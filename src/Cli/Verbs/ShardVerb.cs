using System.CommandLine;
using Lineage.Agents.Inspecting;
using Lineage.Agents.Shards;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;

namespace Lineage.Cli.Verbs;

/// <summary><c>shard inspect FILE</c>: what one stored object says of itself. Needs no server, only the file.</summary>
internal static class ShardVerb
{
    public static Command Create(Globals globals)
    {
        var file = new Argument<string>("FILE") { Description = "A stored shard, for example STORE/RUN/g1/s10/r0.shard." };
        var chunks = new Option<bool>("--chunks") { Description = "List every chunk." };
        var verify = new Option<bool>("--verify") { Description = "Read every chunk and check every digest; decode what can be." };
        var bases = new Option<string[]>("--base")
        {
            Description = "A shard that this one is built on, directly or further down; repeat it for each. Implies --verify.",
            HelpName = "FILE",
        };
        var inspect = globals.Runs(
            new Command("inspect", "Identity, tensors, chunks and sizes of a shard file.") { file, chunks, verify, bases }, (call, ct) =>
        {
            using var opened = new OpenedShards();
            var reader = opened.Open(call.Value(file));
            ShardReader[] below = [.. (call.Value(bases) ?? []).Select(opened.Open)];
            var check = call.Value(verify) || below.Length > 0 ? Check(reader, below, ct) : null;
            var view = new ShardFileView(ShardContents.Of(reader), call.Value(chunks) ? ShardContents.ChunksOf(reader) : null, check);
            call.Outlet.Write(view.ChunkList is { } list
                ? Answer.Report(view, list, static chunk => $"{chunk.Tensor}#{chunk.Ordinal}", screen => ShardPage.Draw(view, screen))
                : Answer.Report(view, view.Shard.Tensors, static tensor => tensor.Name, screen => ShardPage.Draw(view, screen)));
            return Task.FromResult(check is { DamagedChunks: > 0 } ? ExitCodes.FoundDamage : ExitCodes.Done);
        });
        return new Command("shard", "Stored shard files.") { inspect };
    }

    static ShardCheck Check(ShardReader reader, ShardReader[] below, CancellationToken ct)
    {
        if (ShardInspector.Stray(reader, below) is not { } stray) return ShardInspector.Check(reader, below, ct);
        throw new LineageProblemException(Problem.Of(
            ProblemCodes.BadRequest, 400, "Not a base of this shard",
            $"{stray.Name} holds {stray.Identity.Shard} with root {stray.Root.Short}, which is not below {reader.Identity.Shard}" +
            (reader.Identity.Base is { } link ? $" (its base is {link.Checkpoint} with root {link.ShardRoot.Short})" : ", a full shard") +
            ". Nothing was checked. Leave that --base out, or give the one between."));
    }

    /// <summary>Readers that are closed together. What cannot be opened ends the verb with its finding.</summary>
    sealed class OpenedShards : IDisposable
    {
        readonly List<ShardReader> readers = [];

        public ShardReader Open(string path)
        {
            try
            {
                if (Directory.Exists(path)) throw Refused("a directory, and no file. Name one of the .shard files in it");
                var reader = ShardReader.Open(path);
                readers.Add(reader);
                return reader;
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                throw new LineageProblemException(Problem.Of(
                    ProblemCodes.NotFound, 404, "No such file", $"{path} does not exist. Nothing was read."), e);
            }
            catch (ShardFormatException damaged)
            {
                if (damaged.Finding is Finding.Unknown) throw Unreadable(damaged.Message, damaged);
                if (IsNoShard(path)) throw Refused("no shard: it neither begins nor ends as one");
                throw new LineageProblemException(Problem.Of(
                    ProblemCodes.ShardDamaged, 409, "The shard is damaged",
                    $"{damaged.Message} It is {damaged.Finding.ToString().ToLowerInvariant()}. Without header, index and footer no chunk " +
                    "can be told from another. Restore the file from a copy; other checkpoints: lineage restore-point list RUN --explain"),
                    damaged);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Unreadable($"{path}: {e.Message}", e);
            }

            static LineageProblemException Unreadable(string why, Exception cause) => new(
                Problem.Of(ProblemCodes.FileUnreadable, 500, "The file cannot be read", $"{why} Nothing else was read."), cause);

            LineageProblemException Refused(string what) =>
                new(Problem.Of(ProblemCodes.BadRequest, 400, "Not a shard", $"{path} is {what}. Nothing was read."));
        }

        /// <summary>Neither mark in place: more likely another file than a shard hurt at both ends.</summary>
        static bool IsNoShard(string path)
        {
            using var file = File.OpenRead(path);
            if (file.Length < ShardHeader.Magic.Length + ShardFooter.Size) return false;
            Span<byte> mark = stackalloc byte[8];
            file.ReadExactly(mark);
            if (mark.SequenceEqual(ShardHeader.Magic)) return false;
            file.Seek(-mark.Length, SeekOrigin.End);
            file.ReadExactly(mark);
            return !mark.SequenceEqual(ShardFooter.Magic);
        }

        public void Dispose()
        {
            foreach (var reader in readers) reader.Dispose();
        }
    }
}
