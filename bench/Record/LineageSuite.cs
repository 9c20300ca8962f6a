using System.Globalization;
using Lineage.Bench.Measuring;
using Lineage.Bench.Reporting;
using Lineage.Hosting;
using Lineage.Store;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Lineage.Bench.Record;

/// <summary>
/// A made-up history in a private PostgreSQL, a real server above it, and the questions of the design over HTTP. Answers are judged by the
/// pure functions on the generator's own model. Then every row is built again from the events and compared.
/// </summary>
sealed class LineageSuite(BenchOptions options, Output output, TimeProvider clock)
{
    const int Decimals = 3;

    readonly RecordSize size = RecordSize.Of(options.Scale);

    /// <returns>True if every judged answer was right and the rebuilt rows equal the live ones.</returns>
    public async Task<bool> RunAsync()
    {
        var folder = Directory.CreateDirectory(Path.Combine("artifacts", "bench", "lineage")).FullName;
        try
        {
            var isRight = await AskAsync(folder, await MakeAsync(folder));
            if (options.Only is not null) return isRight;
            await using var server = await StartAsync(folder);
            var database = server.Services.GetRequiredService<NpgsqlDataSource>();
            await SizesAsync(database);
            return await RebuildAsync(new ProjectionRebuild(server.Services.GetRequiredService<IDocumentStore>(), database)) && isRight;
        }
        finally
        {
            if (!options.Keep) Directory.Delete(folder, recursive: true);
        }
    }

    Task<LineageServer> StartAsync(string folder) => LineageServer.StartAsync(
        new ServerOptions(folder, Url: "http://127.0.0.1:0", Narrate: Output.Narrate), clock, CancellationToken.None);

    async Task<RecordModel> MakeAsync(string folder)
    {
        await using var server = await StartAsync(folder);
        var marker = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"made-{size.Runs}-{size.Mean}-{size.World}"));
        string[] made = File.Exists(marker) ? await File.ReadAllLinesAsync(marker) : [];   // when, and in how many seconds
        var isThere = made.Length > 0;
        var end = isThere ? DateTimeOffset.Parse(made[0], CultureInfo.InvariantCulture) : clock.GetUtcNow();
        var loader = new RecordLoader(
            server.Services.GetRequiredService<IDocumentStore>(), server.Services.GetRequiredService<NpgsqlDataSource>(), size, end);
        RecordModel? model = null;
        var lap = await Lap.OfAsync(async () => model = isThere ? await loader.ImagineAsync() : await loader.LoadAsync());
        var seconds = isThere ? double.Parse(made[1], CultureInfo.InvariantCulture) : lap.Wall;
        if (options.Keep && !isThere)
            await File.WriteAllLinesAsync(
                marker, [end.ToString("O", CultureInfo.InvariantCulture), seconds.ToString(CultureInfo.InvariantCulture)]);
        Made(model!, seconds);
        return model!;
    }

    void Made(RecordModel model, double seconds)
    {
        output.Paragraph(string.Create(
            CultureInfo.InvariantCulture,
            $"{model.Runs.Count:N0} runs, {model.Checkpoints:N0} checkpoints of {size.World} ranks, {model.ShardFacts:N0} shard facts, "
            + $"{model.Events:N0} events, made in {seconds:N0} s. One private PostgreSQL with the settings that the server chooses, "
            + $"server and {Inquiry.Clients} clients on the same machine."));
        output.Line(
            ("runs", model.Runs.Count), ("checkpoints", model.Checkpoints), ("shard_facts", model.ShardFacts), ("events", model.Events),
            ("made_s", seconds));
    }

    async Task<bool> AskAsync(string folder, RecordModel model)
    {
        await using var server = await AskedServer.StartAsync(folder, clock);
        using var http = new HttpClient { BaseAddress = server.Address };
        GC.Collect();   // what the model was made from is gone before the clock starts
        var inquiry = new Inquiry(http, model, server.Serving);
        var table = new Table(
            ">#", "question", ">target ms", ">p50 ms", ">p99 ms", ">answers/s", ">half load p50", ">half load p99", ">processor ms",
            ">asked", ">verified", "full", "half load");
        var isRight = true;
        await inquiry.WarmAsync(QuestionTable.All, size.Asked / 2);
        foreach (var question in QuestionTable.All.Where(IsAsked))
        {
            var answers = await inquiry.AskAsync(question, (int)(size.Asked * question.Share) + 8);
            isRight &= answers.Wrong is null;
            if (answers.Wrong is { } wrong) Output.Narrate($"question {question.Number} was answered wrongly: {wrong}");
            Report(question, answers, table);
        }

        output.Heading("Questions");
        output.Paragraph("Load of the machine while they were asked (1, 5, 15 minutes; its own part is about 8): " + Load()
            + $". First {Inquiry.Clients} clients that ask again as soon as they have their answer: the machine is full, and times are "
            + "mostly waiting for a core. Then the same clients at half of that rate. Processor is what one request costs client, server "
            + "and PostgreSQL together, whoever else waits for the cores.");
        output.Table(table);
        return isRight;
    }

    bool IsAsked(Question question) => options.Only is null
        || options.Only.Split(',').Contains(question.Number.ToString(CultureInfo.InvariantCulture), StringComparer.Ordinal);

    static string Load() => File.Exists("/proc/loadavg")
        ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ').Take(3)) : "unknown";

    void Report(Question question, Answers answers, Table table)
    {
        var number = question.Number.ToString(CultureInfo.InvariantCulture);
        var (p50, p99) = (At(answers.Saturated, 0.50), At(answers.Saturated, 0.99));
        var (paced50, paced99) = (At(answers.Paced, 0.50), At(answers.Paced, 0.99));
        var (full, half) = (Verdict(question, answers, p99), Verdict(question, answers, paced99));
        table.Add(
            number, question.Text, Table.Number(question.TargetMs, "0"), Table.Number(p50), Table.Number(p99),
            Table.Number(answers.PerSecond, "0"), Table.Number(paced50), Table.Number(paced99), Table.Number(answers.Processor),
            answers.Saturated.Length.ToString(CultureInfo.InvariantCulture), answers.Verified.ToString(CultureInfo.InvariantCulture),
            full, half);
        output.Line(
            ("question", question.Number), ("p50_ms", p50), ("p99_ms", p99), ("target_ms", question.TargetMs),
            ("answers_per_s", Math.Round(answers.PerSecond, 1)), ("half_load_p50_ms", paced50), ("half_load_p99_ms", paced99),
            ("processor_ms", Math.Round(answers.Processor, Decimals)), ("asked", answers.Saturated.Length),
            ("verified", answers.Verified), ("verdict", full), ("half_load_verdict", half));
        Output.Narrate(string.Create(CultureInfo.InvariantCulture,
            $"question {question.Number}: p99 {p99} ms full, {paced99} ms at half load, target {question.TargetMs} ms: {full}, {half}"));
    }

    static double At(double[] sorted, double share) => Math.Round(Answers.At(sorted, share), Decimals);

    static string Verdict(Question question, Answers answers, double p99) =>
        answers.Wrong is not null ? "wrong" : p99 <= question.TargetMs ? "met" : "missed";

    async Task SizesAsync(NpgsqlDataSource database)
    {
        output.Heading("Sizes on disk");
        var table = new Table("table", ">rows", ">MB", ">of it indexes, MB");
        await using var command = database.CreateCommand(
            $"""
            select c.relname, c.reltuples::bigint, pg_total_relation_size(c.oid), pg_indexes_size(c.oid) from pg_class c
            where c.relnamespace = '{MartenSetup.Schema}'::regnamespace and c.relkind = 'r' and c.reltuples > 0
            order by pg_total_relation_size(c.oid) desc
            """);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var (name, rows, total, indexes) = (reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3));
            table.Add(name, rows.ToString("N0", CultureInfo.InvariantCulture), Table.Number(total / 1e6, "#,0.0"),
                Table.Number(indexes / 1e6, "#,0.0"));
            output.Line(("table", name), ("rows", rows), ("bytes", total), ("index_bytes", indexes));
        }

        output.Table(table);
    }

    async Task<bool> RebuildAsync(ProjectionRebuild rebuild)
    {
        Output.Narrate("building every row again from the events");
        var live = await rebuild.DigestsAsync(CancellationToken.None);
        var lap = await Lap.OfAsync(() => rebuild.RunAsync(parallel: 2, (done, all) =>
        {
            if (done % 100 == 0) Output.Narrate($"{done:N0} of {all:N0} runs built again");
        }, CancellationToken.None));
        var rebuilt = await rebuild.DigestsAsync(CancellationToken.None);
        var table = new Table("projection", "rows and digest, live", "equal after the rebuild");
        foreach (var (name, digest) in live) table.Add(name, digest, rebuilt[name] == digest ? "yes" : $"NO: {rebuilt[name]}");
        output.Heading("Rebuild");
        output.Paragraph(string.Create(
            CultureInfo.InvariantCulture, $"All rows of all projections from the events alone, two runs side by side: {lap.Wall:N1} s."));
        output.Table(table);
        var isEqual = live.All(pair => rebuilt[pair.Key] == pair.Value);
        output.Line(("rebuild_s", lap.Wall), ("equal", isEqual));
        return isEqual;
    }
}
