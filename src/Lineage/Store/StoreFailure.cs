using System.Net.Sockets;
using JasperFx;
using Marten.Exceptions;
using Npgsql;

namespace Lineage.Store;

/// <summary>Another writer changed the same stream first.</summary>
public sealed class ConcurrentChangeException(string message, Exception cause) : Exception(message, cause);

/// <summary>
/// Tells what an exception of the database means. The only place that knows; what it does not know stays what it is, a bug.
/// </summary>
public static class StoreFailure
{
    const string IdleInTransactionTimeout = "25P03";

    /// <summary><see cref="ConcurrentChangeException"/>, <see cref="StoreUnavailableException"/>, or null.</summary>
    public static Exception? Classify(Exception e)
    {
        for (Exception? cause = e; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case ConcurrencyException or ExistingStreamIdCollisionException or StreamLockedException or DocumentAlreadyExistsException:
                    return new ConcurrentChangeException(cause.Message, e);
                case PostgresException { SqlState: { } state } told:
                    if (IsConcurrent(state)) return new ConcurrentChangeException(cause.Message, e);
                    if (IsUnavailable(state) || IsBroken(told)) return new StoreUnavailableException(cause.Message, e);
                    return null;
                case NpgsqlException or SocketException or EndOfStreamException or TimeoutException:
                    return new StoreUnavailableException(cause.Message, e);
            }
        }

        return null;
    }

    static bool IsConcurrent(string state) => state is
        PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected
        or PostgresErrorCodes.LockNotAvailable;

    /// <summary>Connection lost (08), resources exhausted (53), stopped or starting (57), the system below fails (58): nothing is wrong
    /// with the request.</summary>
    static bool IsUnavailable(string state) =>
        state.StartsWith("08", StringComparison.Ordinal) || state.StartsWith("53", StringComparison.Ordinal)
            || state.StartsWith("57P", StringComparison.Ordinal) || state.StartsWith("58", StringComparison.Ordinal)
        || string.Equals(state, IdleInTransactionTimeout, StringComparison.Ordinal);

    /// <summary>An internal error that ended the session: on a full disk none can begin ("could not write init file").</summary>
    static bool IsBroken(PostgresException told) =>
        told is { InvariantSeverity: "FATAL" or "PANIC", SqlState: PostgresErrorCodes.InternalError };
}
