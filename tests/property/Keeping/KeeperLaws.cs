using System.Net;
using Lineage.Agents.Client;
using Lineage.Agents.Keeping;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Lineage.Tests.Property.Client;
using Lineage.Tests.Property.Restoring;
using Lineage.Tests.Property.Saving;

namespace Lineage.Tests.Property.Keeping;

public sealed class KeeperLaws(StoredRun run) : IClassFixture<StoredRun>
{
    readonly List<string> said = [];

    [Fact]
    public async Task Intact_shards_are_reported_intact_and_the_manifest_is_put_beside_them()
    {
        var facts = await RoundAsync(1, 3);
        Assert.Equal(4, facts.Count);
        Assert.All(facts, static fact => Assert.Equal((Finding.Intact, VerificationDepth.Deep), (fact.Finding, fact.Depth)));
        var view = await ViewAsync(1);
        using var stored = run.World.Tier.OpenRead(ObjectKeys.Manifest(SavingWorld.Id(1)));
        using var copy = new MemoryStream();
        await stored.CopyToAsync(copy);
        Assert.Equal(view.ManifestHash, ContentHash.Of(copy.ToArray()));
    }

    [Fact]
    public async Task A_damaged_shard_is_found_and_blocks_no_other()
    {
        var file = run.FileOf(2, rank: 0);
        var whole = File.ReadAllBytes(file);
        try
        {
            File.WriteAllBytes(file, whole[..^5]);
            var facts = await RoundAsync(2, 1);
            Assert.Equal(Finding.Truncated, facts.Single(f => f.Checkpoint == SavingWorld.Id(2) && f.Rank == new Rank(0)).Finding);
            Assert.Equal(3, facts.Count(static f => f.Finding == Finding.Intact));
        }
        finally
        {
            File.WriteAllBytes(file, whole);
        }
    }

    [Fact]
    public async Task A_damaged_base_is_what_is_reported_not_the_shard_over_it()
    {
        var file = run.FileOf(1, rank: 1);
        var whole = File.ReadAllBytes(file);
        try
        {
            File.Delete(file);
            var facts = await RoundAsync(3);
            var damaged = Assert.Single(facts, static f => f.Finding != Finding.Intact);
            Assert.Equal((SavingWorld.Id(1), new Rank(1), Finding.Missing), (damaged.Checkpoint, damaged.Rank, damaged.Finding));
        }
        finally
        {
            File.WriteAllBytes(file, whole);
        }
    }

    [Fact]
    public async Task A_service_that_is_away_is_waited_for_and_told_once()
    {
        using var script = new AnswerScript(static (_, _) =>
            AnswerScript.Refuse(ProblemCodes.ServerUnreachable, HttpStatusCode.ServiceUnavailable));
        using var client = Client(script);
        var keeper = Keeper(client);
        for (var i = 0; i < 3; i++) Assert.Equal(0, await keeper.RoundAsync(CancellationToken.None));
        Assert.Single(said);
    }

    async Task<IReadOnlyList<ShardVerificationReported>> RoundAsync(params long[] steps)
    {
        var before = run.World.Service.Received.Count;
        var views = new List<CheckpointView>();
        foreach (var step in steps) views.Add(await ViewAsync(step));
        using var script = new AnswerScript((request, _) => Answer(request.RequestUri!.AbsolutePath, views));
        using var client = Client(script);
        Assert.Equal(steps.Length, await Keeper(client).RoundAsync(CancellationToken.None));
        return [.. run.World.Service.Received.Skip(before).Cast<ShardVerificationReported>()];
    }

    (HttpStatusCode, object?) Answer(string path, List<CheckpointView> pending)
    {
        if (path == "/v1/verifications/pending") return (HttpStatusCode.OK, new Page<CheckpointView>(pending, Next: null));
        var id = CheckpointId.Parse(string.Join('/', path.Split('/')[3..6]));
        var chain = run.World.Service.Chain(id);
        if (path.EndsWith("/chain", StringComparison.Ordinal)) return (HttpStatusCode.OK, chain);
        var view = pending.Single(v => v.Checkpoint == id);
        return (HttpStatusCode.OK, new Manifest(
            Manifest.FormatName, id, view.Kind, view.Base, view.WorldSize, view.LayoutDigest, chain.Links[^1].Shards).CanonicalBytes());
    }

    Task<CheckpointView> ViewAsync(long step) => run.World.Service.ReadAsync(SavingWorld.Id(step), CancellationToken.None);

    Keeper Keeper(LineageClient client) => new(
        KeeperOptions.Default(ActorId.Parse("keeper:test")), client, run.World.Service, run.World.Tier, TimeProvider.System, said.Add);

    static LineageClient Client(AnswerScript script) => new(
        new ClientOptions(new Uri("http://lineage.test"), ActorId.Parse("keeper:test")) { RetriesMax = 0 }, TimeProvider.System, script);
}
