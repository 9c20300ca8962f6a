using Lineage.Contracts.Api;
using Lineage.Hosting;
using Lineage.Store;
using Microsoft.AspNetCore.Http;

namespace Lineage.Http;

/// <summary>
/// Back-pressure for posted facts: what has been read and is not yet on record is bounded in bytes. Above that a post is refused before
/// its body is read, with 429 and a time to come again, so that memory does not grow when the database is slower than the senders.
/// </summary>
public sealed class PostGate(RequestDelegate next, ServerOptions options)
{
    /// <summary>Bodies of posts under way. In memory a fact takes a few times its bytes.</summary>
    public const long BytesMax = 64L << 20;

    long underWay;

    public async Task InvokeAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method) || context.Request.Path != "/v1/messages")
        {
            await next(context);
            return;
        }

        // A body of unknown length counts as the largest that is taken.
        var bytes = Math.Min(context.Request.ContentLength ?? options.RequestBytesMax, options.RequestBytesMax);
        try
        {
            if (Interlocked.Add(ref underWay, bytes) > BytesMax + options.RequestBytesMax) throw Full();
            await next(context);
        }
        finally
        {
            Interlocked.Add(ref underWay, -bytes);
        }
    }

    static LineageProblemException Full() => Failure.Of(
        ProblemCodes.RateLimited, StatusCodes.Status429TooManyRequests, "Too many facts are under way",
        $"This server holds {BytesMax >> 20} MiB of posted facts that are not on record yet, its limit. Nothing of this post was taken. " +
        "Keep the facts and post them again after the time in Retry-After, or post them to another server.");
}
