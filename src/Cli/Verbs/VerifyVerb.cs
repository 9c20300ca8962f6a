using System.CommandLine;
using Lineage.Agents.Client;
using Lineage.Agents.Restoring;
using Lineage.Agents.Shards;
using Lineage.Agents.Tiers;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary>
/// <c>verify REF</c>: looks at every stored shard of a chain. Shallow, presence and size; deep, every digest and every decoded chunk, and
/// then what was found is reported, so that damage is quarantined.
/// </summary>
internal static class VerifyVerb
{
    public static Command Create(Globals globals)
    {
        var reference = Inputs.Reference();
        var deep = new Option<bool>("--deep") { Description = "Read and decode every byte, and report what is found." };
        return globals.Runs(new Command("verify", "Checks the stored shards of a checkpoint and of its chain.") { reference, deep },
            async (call, ct) =>
        {
            var actor = Invocation.Person;
            using var client = call.Client(actor);
            var id = await call.CheckpointAsync(client, call.Value(reference), ct);
            var chain = await client.GetChainAsync(id, ct);
            if (chain.Links.Count == 0) throw Unverifiable(chain);
            // A broken chain is looked at too, as far as it goes: that is when a person wants to know.
            var whole = chain with { Broken = null };
            var view = call.Value(deep) ? await DeepAsync(call, client, whole, actor, ct) : Shallow(call, whole);
            call.Outlet.Write(Answer.One(view, id.ToString(), screen => VerificationPage.Draw(view, screen)));
            if (!call.Value(deep)) call.Outlet.Narrate("Presence and size only, nothing reported; --deep reads every byte.");
            return view.Intact ? ExitCodes.Done : ExitCodes.FoundDamage;
        });
    }

    static LineageProblemException Unverifiable(ChainView chain) => new(Problem.Of(
        ProblemCodes.NoSuchCheckpoint, 404, "Nothing to verify",
        $"{chain.Checkpoint} has no stored chain: {chain.Broken ?? "it was never sealed"}. Nothing was read. " +
        $"See: lineage show {chain.Checkpoint}"));

    static VerificationView Shallow(Invocation call, ChainView chain)
    {
        var started = call.Clock.GetTimestamp();
        var tier = new LocalDirectoryTier(call.StoreDirectory);
        var findings = Shards(chain).Select(place => tier.SizeOf(place.Stored.ObjectKey) switch
        {
            null => new ShardFindingView(place.Shard.Checkpoint, place.Shard.Rank, Finding.Missing,
                $"{place.Stored.ObjectKey} is not in {tier.Root}", 0),
            { } size when size != place.Stored.StoredBytes => new ShardFindingView(
                place.Shard.Checkpoint, place.Shard.Rank, size < place.Stored.StoredBytes ? Finding.Truncated : Finding.Altered,
                $"{size:N0} bytes are there, {place.Stored.StoredBytes:N0} on record", 0),
            _ => new ShardFindingView(place.Shard.Checkpoint, place.Shard.Rank, Finding.Intact, null, 0),
        }).ToArray();
        return new VerificationView(
            chain.Checkpoint, VerificationDepth.Shallow, Array.TrueForAll(findings, static finding => finding.Finding is Finding.Intact), 0,
            call.Clock.GetElapsedTime(started).TotalSeconds, findings);
    }

    static async Task<VerificationView> DeepAsync(
        Invocation call, LineageClient client, ChainView chain, ActorId actor, CancellationToken ct)
    {
        var verifier = new ChainVerifier(new LocalDirectoryTier(call.StoreDirectory), call.Clock);
        var check = await verifier.VerifyAsync(chain, Math.Max(1, Environment.ProcessorCount), ct);
        var damaged = check.Damaged.ToDictionary(static d => d.Shard, static d => d.Found);
        var judged = Shards(chain).Select(place => (place.Shard, Found: Judge(place.Shard, place.Stored, chain, damaged))).ToArray();
        await ReportAsync(call, client, [.. judged.Where(static j => j.Found.Finding is not Finding.Unknown)], actor, ct);
        var findings = judged.Select(static j => new ShardFindingView(
            j.Shard.Checkpoint, j.Shard.Rank, j.Found.Finding, j.Found.Detail, j.Found.ReadBytes)).ToArray();
        return new VerificationView(chain.Checkpoint, VerificationDepth.Deep, check.IsIntact, check.ReadBytes, check.Took.TotalSeconds,
            findings);
    }

    /// <summary>A shard over a damaged one below it was not judged: it cannot be decoded, and the one below is what has to be
    /// withdrawn.</summary>
    static ShardFinding Judge(
        ShardId shard, Contracts.Format.ManifestShard stored, ChainView chain, Dictionary<ShardId, ShardFinding> damaged)
    {
        if (damaged.TryGetValue(shard, out var found)) return found;
        var below = chain.Links.TakeWhile(link => link.Checkpoint != shard.Checkpoint)
            .Select(link => new ShardId(link.Checkpoint, shard.Rank)).FirstOrDefault(damaged.ContainsKey);
        return below == default
            ? new ShardFinding(Finding.Intact, null, stored.Root, stored.StoredBytes)
            : new ShardFinding(Finding.Unknown, $"not judged: {below.Checkpoint} below it is damaged", null, 0);
    }

    static async Task ReportAsync(
        Invocation call, LineageClient client, IReadOnlyList<(ShardId Shard, ShardFinding Found)> judged, ActorId actor,
        CancellationToken ct)
    {
        var correlation = MessageId.Derive("verify", judged[0].Shard.ToString(), actor.ToString()).Value.ToString("N");
        await using var publisher = await Facts.PublisherAsync(call, client, ct);
        await publisher.PublishAsync([.. judged.Select(j => FindingReports.Of(j.Shard, j.Found, actor, correlation))], ct);
    }

    static IEnumerable<(ShardId Shard, Contracts.Format.ManifestShard Stored)> Shards(ChainView chain) =>
        chain.Links.SelectMany(static link => link.Shards.Select(shard => (new ShardId(link.Checkpoint, shard.Rank), shard)));
}
