using Lineage.Agents.Reporting;
using Lineage.Bench.Reporting;

namespace Lineage.Bench.Ingest;

/// <summary>
/// How fast facts get on record with all that the record needs (decision, idempotence, digest, link, metadata, rows), against the bare
/// event store and the bare disk. Clients, server and database share this machine.
/// </summary>
sealed class IngestSuite(BenchOptions options, Output output, TimeProvider clock)
{
    const double Goal = 0.8;

    readonly List<Target> targets = [];

    LoadSize Size => options.Scale switch
    {
        Scale.Full => new LoadSize(8, 24, 128),
        Scale.Quick => new LoadSize(8, 6, 128),
        _ => new LoadSize(2, 2, 8),
    };

    /// <returns>True if everything that was sent is on record exactly once and every chain holds.</returns>
    public async Task<bool> RunAsync()
    {
        var ct = CancellationToken.None;
        Output.Narrate("starting PostgreSQL, RabbitMQ and a server");
        await using var world = await IngestWorld.StartAsync(clock, ct);
        List<PathResult> results = [];
        await WarmAsync(world, ct);
        Output.Narrate("bare Marten and COPY");
        var rivals = new Rivals(world.Database, Size, clock);
        var cpu = new CpuWatch(world.PostgresId);
        results.Add(await rivals.MartenAsync(ct));
        Output.Narrate(cpu.Describe());
        results.Add(await rivals.CopyAsync(ct));
        if (Wanted("http"))
        {
            await using var http = new HttpFactPublisher(world.Client);
            results.Add(await OursAsync(world, http, "http", Size, ct));
        }

        if (Wanted("rabbitmq") && world.Broker is { } address)
        {
            await using var broker = await BrokerFactPublisher.ConnectAsync(address, clock, TimeSpan.FromSeconds(30), ct);
            results.Add(await OursAsync(world, broker, "rabbitmq", Size, ct));
        }

        Report(results);
        var big = !Wanted("big") || await BigAsync(world, ct);
        Targets(results);
        return big && results.TrueForAll(static r => r.Verified);
    }

    bool Wanted(string path) => options.Only is null || path.Contains(options.Only, StringComparison.Ordinal);

    async Task WarmAsync(IngestWorld world, CancellationToken ct)
    {
        Output.Narrate("warming up");
        var little = Size with { Saves = Math.Min(Size.Saves, 6) };
        await using var http = new HttpFactPublisher(world.Client);
        await new IngestLoad(world.Client, http, world.Database, "warm", little, clock).RunAsync("warm", ct);
    }

    async Task<PathResult> OursAsync(IngestWorld world, IFactPublisher publisher, string path, LoadSize size, CancellationToken ct)
    {
        Output.Narrate($"{path}: {size.Checkpoints} checkpoints of {size.World} ranks, {size.Runs} runs side by side");
        var load = new IngestLoad(world.Client, publisher, world.Database, path, size, clock);
        var cpu = new CpuWatch(world.PostgresId);
        var result = await load.RunAsync(path, ct);
        Output.Narrate(cpu.Describe());
        var objection = await RecordCheck.ObjectionAsync(world.Database, load.Saves, ct);
        if (objection is not null) Output.Narrate($"{path}: NOT as it must be: {objection}");
        return result with { Verified = objection is null };
    }

    void Report(List<PathResult> results)
    {
        var bare = results.Find(static r => r.Path == "bare-marten")!.PerSecond;
        output.Heading("Facts on record");
        output.Paragraph($"{Size.Checkpoints} checkpoints of {Size.World} ranks, {Size.Runs} runs side by side, {Size.Events} events; " +
            "clients, server and database share the machine. Rivals append the same events in the same batches and nothing else.");
        var table = new Table("path", ">events/s", ">of bare Marten", ">lag p99 (ms)", "verified");
        foreach (var r in results)
        {
            table.Add(r.Path, Table.Number(r.PerSecond, "#,0"), Table.Number(r.PerSecond / bare), Table.Number(r.LagP99, "#,0"),
                r.Verified ? "yes" : "NO");
            output.Line(("path", r.Path), ("events_per_s", r.PerSecond), ("ratio_to_bare", r.PerSecond / bare),
                ("lag_p99_ms", r.LagP99), ("events", r.Events), ("verified", r.Verified));
        }

        output.Table(table);
        targets.AddRange(results.Where(static r => r.Path is "http" or "rabbitmq").Select(r =>
            new Target($"{r.Path}: events/s of bare Marten", Goal, r.PerSecond / bare)));
    }

    async Task<bool> BigAsync(IngestWorld world, CancellationToken ct)
    {
        var ranks = options.Scale == Scale.Smoke ? 32 : 1_024;
        Output.Narrate($"big: a checkpoint of {ranks} ranks with {ranks} tensors each");
        var (first, second) = await new BigCheckpoint(world.Client, world.Database, ranks, clock).RunAsync(ct);
        output.Heading("One big checkpoint");
        output.Paragraph($"{ranks} ranks with {ranks} tensors each, {(long)ranks * ranks} pieces; planned for " +
            $"{ranks * 3 / 4} ranks. Seconds.");
        var table = new Table("checkpoint", ">open", ">layout", ">report and seal", ">plan", ">total", "verified");
        foreach (var (name, p) in new[] { ("first", first), ("second", second) })
        {
            table.Add(name, Table.Number(p.Open), Table.Number(p.Layout), Table.Number(p.Report), Table.Number(p.Plan),
                Table.Number(p.Total), p.Verified ? "yes" : "NO");
            output.Line(("big", name), ("ranks", ranks), ("pieces", p.Pieces), ("open_s", p.Open), ("layout_s", p.Layout),
                ("report_s", p.Report), ("plan_s", p.Plan), ("total_s", p.Total), ("verified", p.Verified));
        }

        output.Table(table);
        targets.Add(new Target("big checkpoint, first", BigCheckpoint.FirstGoal, first.Total, AtLeast: false, Unit: " s"));
        targets.Add(new Target("big checkpoint, second", BigCheckpoint.SecondGoal, second.Total, AtLeast: false, Unit: " s"));
        return first.Verified && second.Verified;
    }

    void Targets(List<PathResult> results) => output.Targets(results.Count > 0 ? targets : []);
}
