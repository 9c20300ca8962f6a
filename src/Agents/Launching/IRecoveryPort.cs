using Lineage.Contracts.Identity;

namespace Lineage.Agents.Launching;

/// <summary>What the launcher asks of the service. Adapters retry what is transient and give up within their own bound.</summary>
/// <remarks>
/// Refusals are values (<see cref="PortAnswer.Refused"/>). An unreachable service is an exception that the adapter has classified:
/// <see cref="RecoveryPortUnreachableException"/>. Every call is idempotent for the same arguments.
/// </remarks>
public interface IRecoveryPort
{
    /// <summary>
    /// Takes the lease for a run that never started (first generation), or, when the run has a past, starts a recovery that resumes it.
    /// The adapter knows which from the service.
    /// </summary>
    Task<PortAnswer> StartAsync(WorldSize worldSize, CancellationToken ct);

    /// <summary>
    /// After a failure: the next generation and the point to restore. The chain of the chosen point has been deep-checked before this
    /// returns; damage found on the way has been reported and another point chosen.
    /// </summary>
    /// <param name="lastStep">Newest step that any rank reported done; null if none was.</param>
    Task<PortAnswer> RecoverAsync(
        Generation failed, string cause, IReadOnlyList<Rank> failedRanks, Step? lastStep, CancellationToken ct);

    /// <summary>A rank found damage while restoring and has reported it: another point within the same recovery.</summary>
    Task<PortAnswer> ChooseAgainAsync(Generation generation, int attempt, string reason, CancellationToken ct);

    /// <summary>Renews the lease, or says what became of it.</summary>
    Task<LeaseStanding> RenewLeaseAsync(Generation generation, CancellationToken ct);

    /// <summary>Every rank ended at <paramref name="finalStep"/> with its final checkpoint closed.</summary>
    /// <param name="stateDigests">SHA-256 of each rank's final state, in rank order.</param>
    Task CompleteAsync(Generation generation, Step finalStep, IReadOnlyList<ContentHash> stateDigests, CancellationToken ct);

    /// <summary>Gives the lease back: the launcher stops without having finished the run.</summary>
    Task ReleaseAsync(Generation generation, string reason, CancellationToken ct);
}

/// <summary>Answer to a request for a generation.</summary>
public abstract record PortAnswer
{
    PortAnswer() { }

    /// <summary>Ranks may start under <paramref name="Generation"/>.</summary>
    /// <param name="RestorePoint">Null: begin from the initial state.</param>
    /// <param name="LeaseSeconds">Validity without renewal; the launcher renews each third of it.</param>
    /// <param name="Attempt">1 for the first choice of this recovery.</param>
    /// <param name="Why">One sentence for people.</param>
    /// <param name="Decide">Time the service took to decide.</param>
    /// <param name="Verify">Time the deep check of the chosen chain took; zero if there was none.</param>
    public sealed record Granted(
        Generation Generation, CheckpointId? RestorePoint, int LeaseSeconds, int Attempt, string Why, TimeSpan Decide, TimeSpan Verify)
        : PortAnswer;

    /// <param name="Code">One of <see cref="Contracts.Api.ProblemCodes"/>, for example lease-held or no-restore-point.</param>
    /// <param name="ExitCode">What the launcher exits with.</param>
    public sealed record Refused(string Code, string Message, int ExitCode) : PortAnswer;
}

/// <summary>The service did not answer within the adapter's bound. Nothing is known about whether the last request took effect.</summary>
public sealed class RecoveryPortUnreachableException(string message, Exception? cause = null) : Exception(message, cause);
