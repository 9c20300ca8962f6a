using System.Globalization;
using Lineage.Contracts.Api;

namespace Lineage.Store;

/// <summary>
/// Under which account PostgreSQL runs. Its programs refuse root, so root drops to an unprivileged account; everybody else runs it as
/// themselves.
/// </summary>
/// <param name="Drop">Program and arguments that come before the command; empty when nothing has to be dropped.</param>
internal sealed record PostgresAccount(string Name, int? UserId, int? GroupId, IReadOnlyList<string> Drop)
{
    static readonly string[] Preferred = ["postgres", "nobody"];

    public bool IsOther => UserId is not null;

    public static PostgresAccount Choose()
    {
        if (!Environment.IsPrivilegedProcess) return new(Environment.UserName, null, null, []);
        var accounts = File.ReadLines("/etc/passwd").Select(static line => line.Split(':')).Where(static f => f.Length >= 4).ToList();
        foreach (var fields in Preferred.Select(name => accounts.Find(f => string.Equals(f[0], name,
            StringComparison.Ordinal))).OfType<string[]>())
        {
            var (user, group) = (Number(fields[2]), Number(fields[3]));
            if (OnPath("setpriv") is { } setpriv)
                return new(fields[0], user, group, [setpriv, $"--reuid={user}", $"--regid={group}", "--clear-groups", "--"]);
            if (OnPath("runuser") is { } runuser)
                return new(fields[0], user, group, [runuser, "-u", fields[0], "--"]);
        }

        throw Failure.Of(
            ProblemCodes.PostgresFailed, 503, "PostgreSQL cannot run as root",
            "PostgreSQL refuses to run as root, and there is no account (postgres, nobody) or program (setpriv, runuser) to drop to. " +
            "Nothing was written. " +
            "Start the server as an ordinary user, or name a database with LINEAGE_POSTGRES.");
    }

    /// <summary>The command as this account runs it.</summary>
    public (string Program, IEnumerable<string> Arguments) Command(string program, params IEnumerable<string> arguments) =>
        Drop.Count == 0 ? (program, arguments) : (Drop[0], Drop.Skip(1).Append(program).Concat(arguments));

    public Task<ProgramRun> RunAsync(string program, IEnumerable<string> arguments, CancellationToken ct)
    {
        var command = Command(program, arguments);
        return ProgramRun.RunAsync(command.Program, command.Arguments, ct);
    }

    /// <summary>Gives a file or folder to this account; nothing to do when it is our own.</summary>
    public async Task OwnAsync(string path, CancellationToken ct)
    {
        if (!IsOther) return;
        var run = await ProgramRun.RunAsync("chown", ["-R", string.Create(CultureInfo.InvariantCulture, $"{UserId}:{GroupId}"), path], ct);
        if (run.ExitCode != 0)
            throw Failure.Of(
                ProblemCodes.DirectoryUnwritable, 503, "The state directory cannot be given to the database account",
                $"chown of {path} to {Name} failed: {run.Output.Trim()} PostgreSQL was not started. Use a state directory on a local " +
                "file system.");
    }

    /// <summary>Whether this account can enter the folder: every folder above it must be open to it.</summary>
    public async Task<bool> ReachesAsync(string folder, CancellationToken ct) =>
        !IsOther || (await RunAsync("/usr/bin/env", ["test", "-x", folder], ct)).ExitCode == 0;

    public static string? OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Concat(["/usr/sbin", "/sbin"])
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
