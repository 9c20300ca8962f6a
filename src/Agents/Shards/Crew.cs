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

    /// <summary>Every piece once, by at most as many threads as there are pieces, each with a worker of its own.</summary>
    /// <param name="open">Makes a thread's worker; it is disposed when nothing is left.</param>
    public static void Share<TPiece, TWorker>(
        IReadOnlyList<TPiece> pieces, int workers, Func<TWorker> open, Action<TWorker, TPiece> work, CancellationToken ct)
        where TWorker : IDisposable
    {
        if (pieces.Count == 0) return;
        var next = -1;
        Run(Math.Min(pieces.Count, workers), () =>
        {
            using var worker = open();
            try
            {
                for (var piece = Interlocked.Increment(ref next); piece < pieces.Count; piece = Interlocked.Increment(ref next))
                {
                    ct.ThrowIfCancellationRequested();
                    work(worker, pieces[piece]);
                }
            }
            catch
            {
                Interlocked.Exchange(ref next, pieces.Count);   // the others stop after what they are at
                throw;
            }
        });
    }

    /// <summary>The same for work that needs nothing of its own.</summary>
    public static void Share<TPiece>(IReadOnlyList<TPiece> pieces, int workers, Action<TPiece> work, CancellationToken ct) =>
        Share(pieces, workers, static () => new Nothing(), (_, piece) => work(piece), ct);

    sealed class Nothing : IDisposable
    {
        public void Dispose() { }
    }
}
