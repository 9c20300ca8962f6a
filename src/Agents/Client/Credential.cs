using System.Diagnostics;
using Lineage.Contracts.Api;

namespace Lineage.Agents.Client;

/// <summary>
/// What proves to the service who asks: an API key or a token, from a file or from a command that prints it. Read when it is first
/// needed, and again when the service does not take it any more, so that a key can be replaced under a running process.
/// </summary>
public sealed class Credential
{
    /// <summary>Environment of every process that asks the service; inherited by the ranks that a launcher starts.</summary>
    public const string FileVariable = "LINEAGE_KEY_FILE", CommandVariable = "LINEAGE_KEY_COMMAND", Variable = "LINEAGE_KEY";

    readonly Func<CancellationToken, Task<string>> read;
    string? held;

    Credential(Func<CancellationToken, Task<string>> read) => this.read = read;

    public static Credential FromFile(string path) => new(async ct =>
    {
        try
        {
            return One(await File.ReadAllTextAsync(path, ct), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable($"{path}: {e.Message}", e);
        }
    });

    /// <param name="command">Run by <c>/bin/sh -c</c>; prints the token on standard output.</param>
    public static Credential FromCommand(string command) => new(async ct =>
    {
        var shell = new ProcessStartInfo("/bin/sh", ["-c", command]) { RedirectStandardOutput = true, UseShellExecute = false };
        using var process = Process.Start(shell)!;
        var text = await process.StandardOutput.ReadToEndAsync(ct);
        await process.WaitForExitAsync(ct);
        return process.ExitCode == 0 ? One(text, "the command") : throw Unreadable($"the command ended with exit code {process.ExitCode}");
    });

    public static Credential Of(string token) => new(_ => Task.FromResult(One(token, "the setting")));

    /// <summary>Null when none is set. The token itself counts before a file, and that before a command.</summary>
    public static Credential? FromEnvironment(Func<string, string?> environment) =>
        environment(Variable) is { Length: > 0 } token ? Of(token)
        : environment(FileVariable) is { Length: > 0 } file ? FromFile(file)
        : environment(CommandVariable) is { Length: > 0 } command ? FromCommand(command)
        : null;

    /// <exception cref="LineageProblemException">not-authenticated: it cannot be read; nothing was sent.</exception>
    internal async ValueTask<string> TokenAsync(CancellationToken ct) => held ??= await read(ct);

    /// <summary>The service did not take it: the next request reads it again.</summary>
    internal void Forget() => held = null;

    static string One(string text, string from) =>
        text.Trim() is { Length: > 0 and <= 16 << 10 } token && !token.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? token
            : throw Unreadable($"{from} holds {text.Trim().Length:N0} characters that are no key: expected one line, lin_…, or a token");

    static LineageProblemException Unreadable(string why, Exception? cause = null) => new(
        Problem.Of(
            ProblemCodes.NotAuthenticated, 401, "The key cannot be read",
            $"{why}. Nothing was sent. Correct {FileVariable}, --key-file or {CommandVariable}."), cause);
}
