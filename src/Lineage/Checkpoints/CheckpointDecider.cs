using Lineage.Contracts.Messages;
using Lineage.Decisions;
using Lineage.Runs;

namespace Lineage.Checkpoints;

/// <summary>Decides over checkpoints. Signatures; the arms follow.</summary>
public static class CheckpointDecider
{
    /// <param name="state">Null if it was never opened.</param>
    /// <param name="run">The run as it is now: its generation is the fence. Null if there is no such run.</param>
    /// <remarks>The caller commits only if the run's stream is still at the version that <paramref name="run"/> was read at.</remarks>
    public static Decision Decide(Checkpoint? state, Run? run, CheckpointCommand command) => throw new NotSupportedException();

    public static BatchDecision DecideAll(Checkpoint? state, Run? run, IEnumerable<FactMessage> messages, DateTimeOffset at) => throw new NotSupportedException();
}
