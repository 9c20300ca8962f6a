using Lineage.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lineage.Hosting;

/// <summary>Deletes answers that were kept for repeats and are past their life. Any number of servers may do so at once.</summary>
sealed partial class AnswerExpiry(KeptAnswers answers, TimeProvider clock, ILogger<AnswerExpiry> log) : BackgroundService
{
    static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                while (await answers.ExpireAsync(clock.GetUtcNow(), stoppingToken) > 0) stoppingToken.ThrowIfCancellationRequested();
            }
            catch (Exception e) when (StoreFailure.Classify(e) is not null)
            {
                LogPostponed(log, e.Message);
            }
        }
    }

    [LoggerMessage(4011, LogLevel.Warning, "Kept answers that are past their life stay until the next time: {Reason}")]
    static partial void LogPostponed(ILogger log, string reason);
}
