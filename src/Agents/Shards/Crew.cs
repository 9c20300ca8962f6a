using System.Runtime.ExceptionServices;

namespace Lineage.Agents.Shards;

/// <summary>Several threads that do the same work until there is none left.</summary>
static class Crew
{
    /// <summary>All processors, if a caller has no wish.</summary>
    public static int SizeOf(int parallel) => parallel > 0 ? parallel : Environment.ProcessorCount;

    /// <summary>Returns when every worker has returned; throws what one of them threw, a failure rather than a cancellation.</summary>
    /// <param name="work">Takes pieces from a common feed until it is empty. The others stop by themselves when one has failed.</param>
    public static void Run(int workers, Action work)
    {
        if (workers == 1)
        {
            work();
            return;
        }

        try
        {
            Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, _ => work());
        }
        catch (AggregateException e)
        {
            // What stopped the others comes before that they were stopped, and a caller's token before a signal among them.
            ExceptionDispatchInfo.Throw(e.InnerExceptions.MinBy(static inner => inner switch
            {
                OperationCanceledException { CancellationToken.IsCancellationRequested: true } => 1,
                OperationCanceledException => 2,
                _ => 0,
            })!);
        }
    }
}
