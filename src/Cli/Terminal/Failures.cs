using System.Net.Sockets;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Terminal;

/// <summary>What ends a verb other than its own answer: every failure becomes one problem and one exit code; a stack trace only when
/// asked for.</summary>
internal static class Failures
{
    /// <summary>Set to 1, the stack trace follows the problem on standard error.</summary>
    public const string DebugVariable = "LINEAGE_DEBUG";

    public static int Report(Exception failure, Outlet outlet)
    {
        if (failure is OperationCanceledException)
        {
            outlet.Narrate("Interrupted; what was started is stopped.");
            return ExitCodes.Interrupted;
        }

        var problem = ProblemOf(failure);
        var exitCode = ProblemExit.CodeOf(problem);
        outlet.Write(problem, exitCode);
        if (string.Equals(Environment.GetEnvironmentVariable(DebugVariable), "1",
            StringComparison.Ordinal)) Console.Error.WriteLine(failure);
        return exitCode;
    }

    public static Problem ProblemOf(Exception failure) => failure switch
    {
        LineageProblemException known => known.Problem,
        AggregateException { InnerExceptions: [var only] } => ProblemOf(only),
        Agents.Training.LibtorchMissingException missing =>
            Problem.Of(missing.Code, 500, "libtorch is missing", WithoutCode(missing.Message)),
        Agents.Training.CorpusMissingException missing =>
            Problem.Of(missing.Code, 404, "No text to train on", WithoutCode(missing.Message)),
        Agents.Training.RankRefusedException refused =>
            Problem.Of(refused.Code, 409, "The rank may not go on", WithoutCode(refused.Message)),
        Agents.Launching.RecoveryPortUnreachableException away =>
            Problem.Of(ProblemCodes.ServerUnreachable, 503, "Server unreachable", WithoutCode(away.Message)),
        FormatException malformed => Problem.Of(ProblemCodes.BadRequest, 400, "Malformed input", malformed.Message),
        UnauthorizedAccessException denied => Problem.Of(
            ProblemCodes.DirectoryUnwritable, 500, "Access denied",
            $"{denied.Message} Nothing else was changed. Give a directory of your own with --state, --store or --to, " +
            $"or change its rights."),
        IOException full when IsDiskFull(full) => Problem.Of(
            ProblemCodes.DiskFull, 507, "Disk full",
            $"{full.Message} What was complete before stays as it is. Free space, or give another directory with --state, " +
            $"--store or --to."),
        IOException broken => Problem.Of(
            ProblemCodes.DirectoryUnwritable, 500, "Input or output failed", $"{broken.Message} What was complete before stays as it is."),
        SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } => Problem.Of(
            ProblemCodes.PortTaken, 500, "Port taken",
            "Another program listens on that port. Nothing was started. Give another one with --url."),
        _ => Problem.Of(
            ProblemCodes.Internal, 500, "A bug in lineage",
            $"{failure.GetType().Name}: {failure.Message} This is not your mistake. " +
            $"Run the same with {DebugVariable}=1 and report what it prints."),
    };

    /// <summary>ENOSPC or EDQUOT, as .NET carries them on Linux.</summary>
    static bool IsDiskFull(IOException failure) => (failure.HResult & 0xFFFF) is 28 or 122;

    /// <summary>Messages for logs end with their code; the problem says it in its own place.</summary>
    public static string WithoutCode(string message)
    {
        var cut = message.LastIndexOf(" [", StringComparison.Ordinal);
        return cut > 0 && message.EndsWith(']') ? message[..cut] : message;
    }
}
