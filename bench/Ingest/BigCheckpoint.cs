using System.Globalization;
using Lineage.Agents.Client;
using Lineage.Bench.Reporting;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using Npgsql;

namespace Lineage.Bench.Ingest;

/// <summary>
/// A checkpoint of 2^20 tensor pieces: so many ranks, each with so many tensors. Opened, its layout told, reported, sealed, and its restore
/// planned for three quarters of the ranks; then a second one of the same structure.
/// </summary>
sealed class BigCheckpoint(LineageClient client, NpgsqlDataSource database, int ranks, TimeProvider clock)
{
    static readonly RunId Run = RunId.Parse("big");

    readonly TensorLayout layout = Layout(ranks);

    public static double FirstGoal => 10;

    public static double SecondGoal => 2;

    /// <summary>Seconds of each phase, in order; the last is their sum.</summary>
    public sealed record Phases(double Open, double Layout, double Report, double Plan, long Pieces, bool Verified)
    {
        public double Total => Open + Layout + Report + Plan;
    }

    public async Task<(Phases First, Phases Second)> RunAsync(CancellationToken ct)
    {
        var policy = new SavePolicy(SaveDeadlineSeconds: 3_600, LeaseSeconds: 3_600);
        await client.RegisterRunAsync(new RegisterRun(Run, policy, new Dictionary<string, string>(StringComparer.Ordinal)), ct);
        await client.TakeLeaseAsync(Run, new TakeLease(client.Actor, new WorldSize(ranks)), ct);
        return (await SaveAsync(1, tell: true, ct), await SaveAsync(2, tell: false, ct));
    }

    async Task<Phases> SaveAsync(int step, bool tell, CancellationToken ct)
    {
        var digest = layout.Digest();
        var save = new MadeUpSave(Run, step, ranks, digest);
        SavePlan plan = null!;
        var open = await TimedAsync(async () => plan = await client.OpenCheckpointAsync(save.Id, save.Opening(), ct));
        var told = tell ? await TimedAsync(() => client.PutLayoutAsync(digest, layout, ct)) : 0;
        var facts = save.Facts(plan);
        var reported = await TimedAsync(() => Task.WhenAll(facts.Chunk(FactBatch.MessagesMax)
            .Select(part => client.PostFactsAsync(new FactBatch(part), ct))));
        ReshardView resharded = null!;
        var planned = await TimedAsync(async () =>
        {
            var world = new WorldSize(ranks * 3 / 4);
            await client.GetRestorePlanAsync(save.Id.ToString().Replace("/1/", "@", StringComparison.Ordinal), world, ct);
            resharded = await client.PlanReshardAsync(save.Id, world, new Rank(0), ct);
        });
        var objection = await RecordCheck.ObjectionAsync(database, [save], ct);
        if (objection is not null) Output.Narrate($"big: NOT as it must be: {objection}");
        return new Phases(open, told, reported, planned, resharded.Pieces, objection is null);
    }

    async Task<double> TimedAsync(Func<Task> work)
    {
        var started = clock.GetTimestamp();
        await work();
        return clock.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>As many tensors as ranks: weights with both moments of each, a step, generators and cursors.</summary>
    static TensorLayout Layout(int tensors)
    {
        var list = new List<LayoutTensor>
        {
            new("optimizer.step", TensorDtype.I64, [], TensorRole.Scalar),
            new("rng.torch", TensorDtype.U8, [tensors, 5_056], TensorRole.Rng),
            new("data.cursor", TensorDtype.I64, [tensors, 4], TensorRole.DataCursor),
        };
        TensorRole[] roles = [TensorRole.Weight, TensorRole.ExpAvg, TensorRole.ExpAvgSq];
        for (var i = 0; list.Count < tensors; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{roles[i % 3]}.layers.{i / 12}.part.{i / 3 % 4}.weight");
            list.Add(new LayoutTensor(name, TensorDtype.F32, [8_192 + (i / 3 % 4 * 1_024), 4_096], roles[i % 3]));
        }

        return new TensorLayout(LayoutDigest.FormatName, new WorldSize(tensors), list);
    }
}
