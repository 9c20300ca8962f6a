using Lineage.Fuzz.Targets;

namespace Lineage.Fuzz;

/// <summary>How an execution ended.</summary>
/// <param name="Refusal">What the reader said; null if it read the input.</param>
/// <param name="Problem">What no reader may do: an exception that is not documented, a contradiction, too much memory, too much time. Null
/// if it behaved.</param>
readonly record struct Ending(ulong Key, string? Refusal, long AllocatedBytes, string? Problem)
{
    public bool Refused => Refusal is not null;
}

/// <summary>Runs a target on an input and judges.</summary>
/// <param name="clock">Null where time is not to be judged, so that a loaded machine fails no test.</param>
sealed class Oracle(TimeProvider? clock)
{
    static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(2);

    public Ending Run(FuzzTarget target, byte[] input)
    {
        var ending = Once(target, input, out var took);
        var allowed = target.AllocatedBytesMax(input.Length);
        if (ending.Problem is not null || (took <= TimeMax && ending.AllocatedBytes <= allowed)) return ending;
        // The machine may have stood still, and what is used for the first time fills caches; a reader that is at fault is so again.
        ending = Once(target, input, out took);
        if (took > TimeMax) return ending with { Problem = $"took {took.TotalSeconds:F1} s, at most {TimeMax.TotalSeconds} s are allowed" };
        return ending.AllocatedBytes <= allowed
            ? ending
            : ending with
            {
                Problem = $"allocated {ending.AllocatedBytes:N0} bytes for an input of {input.Length:N0}, at most {allowed:N0} are allowed",
            };
    }

    Ending Once(FuzzTarget target, byte[] input, out TimeSpan took)
    {
        var started = clock?.GetTimestamp() ?? 0;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var (ended, problem) = Execute(target, input);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        took = clock?.GetElapsedTime(started) ?? TimeSpan.Zero;
        return new Ending(Coverage.KeyOf(target.Stage, ended), ended?.Message, allocated, problem);
    }

    /// <summary>Every exception ends here: telling a documented one from any other is what the oracle is for.</summary>
    static (Exception? Ended, string? Problem) Execute(FuzzTarget target, byte[] input)
    {
        try
        {
            target.Execute(input);
            return (null, null);
        }
        catch (Exception e) when (target.IsRefusal(e))
        {
            return (e, null);
        }
        catch (Exception e)
        {
            return (e, e.ToString());
        }
    }
}
