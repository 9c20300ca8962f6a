using System.Collections.Concurrent;
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

        // Threads of its own: the pool hands out a second one only after a while, when a small save is over.
        var failures = new ConcurrentQueue<Exception>();
        var others = Enumerable.Range(1, workers - 1).Select(_ => new Thread(Guarded) { IsBackground = true }).ToList();
        foreach (var thread in others) thread.Start();
        Guarded();
        foreach (var thread in others) thread.Join();
        if (failures.IsEmpty) return;
        // What stopped the others comes before that they were stopped, and a caller's token before a signal among them.
        ExceptionDispatchInfo.Throw(failures.MinBy(static failure => failure switch
        {
            OperationCanceledException { CancellationToken.IsCancellationRequested: true } => 1,
            OperationCanceledException => 2,
            _ => 0,
        })!);

        void Guarded()
        {
            try
            {
                work();
            }
            catch (Exception e)
            {
                failures.Enqueue(e);
            }
        }
    }
}
