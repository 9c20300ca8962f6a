using System.Runtime.ExceptionServices;

namespace Lineage.Agents.Shards;

/// <summary>Several threads that do the same work until there is none left.</summary>
static class Crew
{
    /// <summary>All processors, if a caller has no wish.</summary>
    public static int SizeOf(int parallel) => parallel > 0 ? parallel : Environment.ProcessorCount;

    /// <summary>Returns when every worker has returned; throws what the first of them threw.</summary>
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
            ExceptionDispatchInfo.Throw(e.InnerExceptions.FirstOrDefault(static inner => inner is not OperationCanceledException)
                ?? e.InnerExceptions[0]);
        }
    }
}
