using Lineage.Agents.Capture;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Training;

/// <summary>
/// What a training rank asks of the saving and restoring library, which the composition root plugs in. The rank program calls it from
/// one thread, between two steps.
/// </summary>
/// <remarks>
/// Failures: a failed save is the library's to record and never stops training, unless it throws. A
/// <see cref="RankRefusedException"/> ends the rank with the exit code it carries; anything else that is thrown ends it as failed.
/// Disposing stops background work at once; what was not stored then never was.
/// </remarks>
public interface IRankHooks : IAsyncDisposable
{
    /// <summary>Writes every byte of the checkpoint into the state, each one checked before, and reports it restored.</summary>
    /// <exception cref="RankRefusedException">
    /// Damage was found (exit code 5) or a newer generation writes the run (71); the state is not to be used.
    /// </exception>
    Task<RestoreOutcome> RestoreAsync(IRankState state, CheckpointId restorePoint, CancellationToken ct);

    /// <summary>
    /// Told once when a generation begins from the initial state, so that the recovery, if this is one, can be completed without a
    /// restore point.
    /// </summary>
    Task StartedFromInitialStateAsync(IRankState state, CancellationToken ct);

    /// <summary>Told after every step by one rank, for the run's series. Best effort: it returns at once.</summary>
    /// <param name="value">Null where it is not finite.</param>
    void Stepped(Step step, string name, double? value) { }

    /// <summary>Told after every step by every rank, between two steps: who only watches looks at the state here. It returns at
    /// once.</summary>
    /// <param name="step">Steps done.</param>
    void Trained(IRankState state, Step step) { }

    /// <summary>
    /// Told before a save what was measured at that step, so that it can be recorded with the checkpoint. Best effort: it returns at once,
    /// and nothing that goes wrong with it is the trainer's concern.
    /// </summary>
    /// <param name="metrics">By name; a value that is not finite is told as it is.</param>
    void Measured(Step step, IReadOnlyDictionary<string, double?> metrics) { }

    /// <summary>Returns when the state is captured (one memory copy) and training may go on; the rest follows in the background.</summary>
    /// <param name="step">Steps done.</param>
    /// <param name="final">No further save will come from this generation.</param>
    ValueTask SaveAsync(IRankState state, Step step, bool final, CancellationToken ct);

    /// <summary>Returns when every accepted save is closed and the outbox empty, or the library's own bound has passed.</summary>
    Task DrainAsync(CancellationToken ct);
}

/// <param name="ReadBytes">Stored bytes that were read along the chain.</param>
public sealed record RestoreOutcome(CheckpointId Checkpoint, long ReadBytes);

/// <summary>This rank may not go on. The message is for people, the exit code for the launcher.</summary>
/// <param name="code">Stable code, one of <see cref="Contracts.Api.ProblemCodes"/>.</param>
/// <param name="exitCode">One of <see cref="Contracts.Api.ExitCodes"/>.</param>
public sealed class RankRefusedException(string code, int exitCode, string message, Exception? cause = null) : Exception(message, cause)
{
    public string Code { get; } = code;

    public int ExitCode { get; } = exitCode;
}
