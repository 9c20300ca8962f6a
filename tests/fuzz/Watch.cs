namespace Lineage.Fuzz;

/// <summary>Looks at a campaign from outside: says every ten seconds how far it is, and ends it when a reader never returns.</summary>
sealed class Watch : IDisposable
{
    static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    readonly Campaign campaign;
    readonly TextWriter log;
    readonly ITimer timer;
    readonly byte[]?[] last;
    long before;

    public Watch(Campaign campaign, TimeProvider clock, TextWriter log)
    {
        (this.campaign, this.log) = (campaign, log);
        last = new byte[]?[campaign.Workers.Count];
        timer = clock.CreateTimer(static state => ((Watch)state!).Look(), this, Period, Period);
    }

    void Look()
    {
        var now = campaign.Executions;
        log.WriteLine(
            $"{campaign.Seconds:F0} s: {now:N0} executions, {(now - before) / Period.TotalSeconds:N0}/s, corpus " +
            $"{campaign.Workers.Sum(static worker => worker.CorpusCount):N0}, findings {campaign.Findings.Count}");
        before = now;
        for (var i = 0; i < last.Length; i++)
        {
            var (worker, input) = (campaign.Workers[i], campaign.Workers[i].CurrentInput);
            if (input is not null && ReferenceEquals(last[i], input))
            {
                campaign.Findings.Add(
                    worker.CurrentTarget, input, key: 1, $"did not return within {Period.TotalSeconds} s; the campaign ends here");
                Environment.Exit(1);
            }

            last[i] = input;
        }
    }

    public void Dispose() => timer.Dispose();
}
