using Lineage.Contracts.Api;
using Lineage.Hosting;
using Lineage.Http;
using Microsoft.AspNetCore.Http;

namespace Lineage.Tests.Service.Bus;

/// <summary>The gate alone, with posts that stay under way until they are released.</summary>
sealed class PostGateProbe
{
    const long Bytes = 8 << 20;

    readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly List<Task> underWay = [];
    readonly PostGate gate;

    public PostGateProbe() => gate = new PostGate(_ => released.Task, new ServerOptions("unused"));

    /// <summary>As many of the largest posts as the bound allows.</summary>
    public void Fill()
    {
        for (var sum = 0L; sum < PostGate.BytesMax + Bytes; sum += Bytes) underWay.Add(gate.InvokeAsync(Post()));
    }

    public Task ReleaseAsync()
    {
        released.SetResult();
        return Task.WhenAll(underWay);
    }

    public async Task<(int Status, string Code)> PostAsync()
    {
        try
        {
            await gate.InvokeAsync(Post());
            return (200, "");
        }
        catch (LineageProblemException e)
        {
            return (e.Problem.Status, e.Problem.Code);
        }
    }

    static DefaultHttpContext Post() => new() { Request = { Method = "POST", Path = "/v1/messages", ContentLength = Bytes } };
}
