using Lineage.Chains;
using Lineage.Decisions;
using Lineage.Runs;

namespace Lineage.Restores;

/// <summary>Decides over recoveries. Signatures; the arms follow.</summary>
public static class RecoveryDecider
{
    /// <param name="run">Null if there is no such run.</param>
    /// <param name="current">Recovery of the run's current generation; null if that began with the first lease.</param>
    /// <param name="history">Of the generation to begin (<see cref="History.ForRestoring"/> with the run's generation + 1).</param>
    /// <returns>
    /// Accepted: Events open the stream <c>recovery/{run}/{generation + 1}</c>; Elsewhere has the grant for the run's stream and, if it is overtaken, the end of
    /// the current recovery. AlreadyDone: a repeat; <paramref name="current"/> is the answer.
    /// </returns>
    public static Decision Start(Run? run, Recovery? current, History history, RecoveryCommand.Start command) => throw new NotSupportedException();

    /// <param name="history">As it was for the start: <see cref="History.ForRestoring"/> with this recovery's generation, read again.</param>
    public static Decision ChooseAgain(Run? run, Recovery? state, History history, RecoveryCommand.ChooseAgain command) => throw new NotSupportedException();

    public static Decision ReportRankRestored(Run? run, Recovery? state, RecoveryCommand.ReportRankRestored command) => throw new NotSupportedException();
}
