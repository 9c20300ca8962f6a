using System.CommandLine;
using Lineage.Cli.Rendering;
using Lineage.Cli.Terminal;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Verbs;

/// <summary><c>completion bash|zsh|fish</c>: a script for the shell that asks this program what may come next.</summary>
internal static class CompletionVerb
{
    public static Command Create(Globals globals)
    {
        var command = new Command("completion", "Completion script for a shell; for example: source <(lineage completion bash)");
        foreach (var (shell, script) in CompletionScripts.All)
        {
            command.Add(globals.Runs(new Command(shell, $"Script for {shell}."), (_, _) =>
            {
                Outlet.WriteRaw(script.TrimEnd());
                return Task.FromResult(ExitCodes.Done);
            }));
        }

        return command;
    }
}
