using System.Globalization;
using System.Threading.RateLimiting;
using Lineage.Access;
using Lineage.Contracts.Api;
using Lineage.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Lineage.Http;

/// <summary>A bucket of tokens per caller: one that went wild slows itself and nobody else. Health answers in any case.</summary>
static class RateLimits
{
    const int RefillsPerSecond = 10;

    public static void Add(IServiceCollection services, RateOptions rate) => services.AddRateLimiter(limiter =>
    {
        limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(
            http => http.Request.Path.StartsWithSegments("/health", StringComparison.OrdinalIgnoreCase)
            ? RateLimitPartition.GetNoLimiter("")
            : RateLimitPartition.GetTokenBucketLimiter(NameOf(http), _ => Bucket(rate)));
        limiter.OnRejected = async (rejected, _) =>
        {
            var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var until) ? until : TimeSpan.Zero;
            var seconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));
            rejected.HttpContext.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            await new ProblemResult(Problem.Of(
                ProblemCodes.RateLimited, 429, "Too many requests",
                $"{NameOf(rejected.HttpContext)} sent more than {rate.PerSecond:N0} requests per second after a burst of " +
                $"{rate.Burst:N0}. " +
                $"Nothing was changed. Send it again after {seconds} s; {RateOptions.Variable} on the server sets the limit."))
                .ExecuteAsync(rejected.HttpContext);
        };
    });

    static TokenBucketRateLimiterOptions Bucket(RateOptions rate) => new()
    {
        TokenLimit = rate.Burst,
        TokensPerPeriod = Math.Max(1, rate.PerSecond / RefillsPerSecond),
        ReplenishmentPeriod = rate.PerSecond >= RefillsPerSecond ? TimeSpan.FromSeconds(1.0 / RefillsPerSecond)
            : TimeSpan.FromSeconds(1.0 / rate.PerSecond),
        QueueLimit = 0,
        AutoReplenishment = true,
    };

    static string NameOf(HttpContext http) => http.Features.Get<Caller>() is { Kind: not CallerKind.Open } caller
        ? caller.Name : http.Connection.RemoteIpAddress?.ToString() ?? "unknown";
}
