using Lineage.Fuzz.Targets;

namespace Lineage.Fuzz;

/// <summary>How an execution ended.</summary>
/// <param name="Problem">What no reader may do: an exception that is not documented, a contradiction, too much memory, too much time. Null
/// if it behaved.</param>
readonly record struct Ending(ulong Key, bool Refused, long AllocatedBytes, string? Problem);

/// <summary>Runs a target on an input and judges.</summary>
/// <param name="clock">Null where time is not to be judged, so that a loaded machine fails no test.</param>
sealed class Oracle(TimeProvider? clock)
{
    static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(2);

    public Ending Run(FuzzTarget target, byte[] input)
    {
        var ending = Once(target, input, out var took);
        // The machine may have stood still; a reader that is really slow is slow again.
        return ending.Problem is null && took > TimeMax && Once(target, input, out took) is var again && took > TimeMax
            ? again with { Problem = $"took {took.TotalSeconds:F1} s twice, at most {TimeMax.TotalSeconds} s are allowed" }
            : ending;
    }

    Ending Once(FuzzTarget target, byte[] input, out TimeSpan took)
    {
        var started = clock?.GetTimestamp() ?? 0;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var (ended, problem) = Execute(target, input);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        took = clock?.GetElapsedTime(started) ?? TimeSpan.Zero;
        if (allocated > target.AllocatedBytesMax(input.Length))
            problem ??= $"allocated {allocated:N0} bytes for an input of {input.Length:N0}, at most " +
                $"{target.AllocatedBytesMax(input.Length):N0} are allowed";
        return new Ending(Coverage.KeyOf(target.Stage, ended), ended is not null, allocated, problem);
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
