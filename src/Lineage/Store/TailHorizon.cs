namespace Lineage.Store;

/// <summary>
/// How far a tail of the log may go: up to a sequence number below which nothing can come any more. Numbers are handed out before commit
/// and in another order than transactions begin, so neither an event nor its transaction says by itself whether a lower number is still
/// to come. What says it is a mark: the newest number handed out, and then the transaction that would begin next. Whoever holds a number up
/// to the mark began before that transaction, so once everything that began before it is over, nothing up to the mark is missing.
/// </summary>
/// <remarks>One for all readers of a server; nothing of it is kept. After a restart the first mark is over as soon as the transactions are
/// that were under way then.</remarks>
public sealed class TailHorizon
{
    /// <summary>Marks that wait; while so many do, the newest ones are not remembered.</summary>
    const int MarksMax = 256;

    readonly Lock gate = new();
    readonly Queue<(long Last, long Next)> marks = new();
    (long Last, long Next) newest = (-1, -1);
    long reach;

    /// <summary>Whether that number has a mark already, so that no other one is needed for it.</summary>
    public bool Knows(long last)
    {
        lock (gate) return last <= newest.Last;
    }

    /// <param name="last">Newest number handed out, whether its transaction is over or not; read before the others.</param>
    /// <param name="oldest">Oldest transaction under way.</param>
    /// <param name="next">One that began after <paramref name="last"/> was read, or would begin next. Not looked at for a number that has
    /// its mark.</param>
    /// <returns>Every event up to here is visible to whoever reads now.</returns>
    public long Reach(long last, long oldest, long next)
    {
        lock (gate)
        {
            if (last > newest.Last && marks.Count < MarksMax) marks.Enqueue(newest = (last, next));
            while (marks.TryPeek(out var mark) && mark.Next <= oldest) reach = Math.Max(reach, marks.Dequeue().Last);
            return reach;
        }
    }
}
