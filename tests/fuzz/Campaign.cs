namespace Lineage.Fuzz;

/// <summary>
/// A run of the fuzzer: workers side by side until the executions are done or the time is over. Between batches it looks at the clock and
/// at the memory of the process, which also shows what readers take outside the managed heap.
/// </summary>
sealed class Campaign
{
    const int Batch = 512;

    /// <summary>Beyond the bound of a single execution: what readers may hold outside the managed heap per thread, which is zstd's tables
    /// and the native bytes of one decoded state, and what the runtime keeps of garbage.</summary>
    const long ResidentBytesMax = 768L << 20, ResidentBytesPerThreadMax = 256L << 20;

    readonly Options options;
    readonly TimeProvider clock;
    readonly long started;
    readonly bool ownProcess;

    /// <param name="ownProcess">Nothing else runs in the process, so its time and its memory are the readers'.</param>
    public Campaign(Options options, TimeProvider clock, bool ownProcess, TextWriter log)
    {
        this.options = options;
        this.clock = clock;
        this.ownProcess = ownProcess;
        Findings = new Findings(Places.Findings, log);
        started = clock.GetTimestamp();
        string[] targets = options.Target == "all" ? Places.Targets : [options.Target];
        Workers = [.. Enumerable.Range(0, options.Threads)
            .Select(i => new Worker(targets, unchecked(options.Seed + (i * 7_919)), new Oracle(ownProcess ? clock : null), Findings))];
    }

    public IReadOnlyList<Worker> Workers { get; }

    public Findings Findings { get; }

    public double Seconds => clock.GetElapsedTime(started).TotalSeconds;

    public long Executions => Workers.Sum(static worker => worker.Executions);

    public void Run()
    {
        if (Workers is [var only])
        {
            RunWorker(only, 0);
            return;
        }

        var threads = Workers.Select((worker, i) => new Thread(() => RunWorker(worker, i)) { IsBackground = true }).ToList();
        threads.ForEach(static thread => thread.Start());
        threads.ForEach(static thread => thread.Join());
    }

    void RunWorker(Worker worker, int index)
    {
        worker.RunSeeds();
        var share = options.Executions is { } all ? (all / options.Threads) + (index < all % options.Threads ? 1 : 0) : long.MaxValue;
        while (share > 0 && (options.Seconds is not { } limit || Seconds < limit))
        {
            var batch = Math.Min(share, Batch);
            worker.Run(batch);
            share -= batch;
            if (ownProcess) CheckMemory(worker);
        }
    }

    void CheckMemory(Worker worker)
    {
        var allowed = ResidentBytesMax + (options.Threads * ResidentBytesPerThreadMax);
        if (ProcessMemory.PeakBytes() is not { } peak || peak <= allowed) return;
        Findings.Add(
            "all", [], key: 0,
            $"the process took {peak:N0} bytes, at most {allowed:N0} are allowed; it happened in the {Batch} executions before number " +
            $"{worker.Executions:N0} of a thread with seed {options.Seed}");
    }
}
