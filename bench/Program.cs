using Lineage.Bench;
using Lineage.Bench.Codec;
using Lineage.Bench.Ingest;
using Lineage.Bench.Judging;
using Lineage.Bench.Record;
using Lineage.Bench.Reporting;
using Lineage.Bench.SaveRestore;

(string Name, string About, Func<BenchOptions, Output, Task<bool>> RunAsync)[] suites =
[
    ("codec", "ratio and speed per core of shards, full and incremental, against memcpy, zstd and byte planes",
        static (options, output) => Task.FromResult(new CodecSuite(options, output).Run())),
    ("save-restore", "training stall, time to durable and restore on this disk, against torch.save and torch.load",
        static (options, output) => new SaveRestoreSuite(options, output).RunAsync()),
    ("ingest", "facts per second on record, over HTTP and RabbitMQ, against bare Marten and COPY; a checkpoint of 2^20 pieces",
        static (options, output) => options.KillMinutes is { } minutes
            ? new KillSuite(output, TimeProvider.System, TimeSpan.FromMinutes(minutes), options.Seed).RunAsync()
            : new IngestSuite(options, output, TimeProvider.System).RunAsync()),
    ("lineage", "the questions of a training engineer over a history of 1,000 runs, over HTTP, against their targets",
        static (options, output) => new LineageSuite(options, output, TimeProvider.System).RunAsync()),
    ("judge", "how long the judge of chaos takes for a history of 10^6 events, and whether it finds what is planted in one",
        static (options, output) => Task.FromResult(new JudgeSuite(options, output).Run())),
];

if (args is ["server", var state, var url, .. var broker])   // what suites ask, and what --kill kills
{
    await Lineage.Hosting.ServerProgram.RunAsync(
        new Lineage.Hosting.ServerOptions(state, url, BrokerAddress: broker is [var only] ? only : null), TimeProvider.System,
        CancellationToken.None);
    return 0;
}

if (args is [] or ["help" or "-h" or "--help", ..])
{
    Console.WriteLine(Usage());
    return 0;
}

if (suites.FirstOrDefault(suite => suite.Name == args[0]) is not { RunAsync: { } run })
{
    Console.Error.WriteLine($"bench: there is no suite \"{args[0]}\".\n{Usage()}");
    return 2;
}

try
{
    var options = BenchOptions.Parse(args);
    var output = new Output(options, TimeProvider.System);
    var verified = await run(options, output);
    output.Finish();
    return verified ? 0 : 1;
}
catch (FormatException e)
{
    Console.Error.WriteLine($"bench: {e.Message}.\n{Usage()}");
    return 2;
}

string Usage() => string.Join('\n', suites.Select(static suite => $"  {suite.Name,-14}{suite.About}")
    .Prepend("./dev bench SUITE [options]")
    .Concat(
    [
        "",
        "  --quick          a few MiB and two runs: a look in about a minute",
        "  --smoke          tiny and once: does everything still work? No figure of it means anything",
        "  --json           one JSON object per line on standard output; narration stays on standard error",
        "  --only TEXT      traces whose name contains TEXT (codec), or questions by number, as in 1,3 (lineage)",
        "  --kill MINUTES   load while server, PostgreSQL and RabbitMQ are killed, then judge the record (ingest); --seed N",
        "  --keep           leave the made-up history in place, or ask the one that is there (lineage)",
        "  --write          also as a table into bench/results/SUITE.md",
        "  --date DATE      what the table is dated (yyyy-MM-dd); today without it",
        "",
        "Exit codes: 0 everything decoded to the very bytes; 1 something did not; 2 not understood.",
    ]));
