using System.CommandLine;
using Lineage.Cli.Rendering;
using Lineage.Cli.Terminal;
using Lineage.Cli.Verbs;
using Lineage.Contracts.Api;

namespace Lineage.Cli;

/// <summary>The one executable: parses, runs one verb, and turns whatever ends it into an exit code.</summary>
internal static class LineageProgram
{
    public static async Task<int> RunAsync(string[] args, TimeProvider clock)
    {
        var globals = new Globals(clock);
        var root = CommandTree.Create(globals);
        var parse = root.Parse(args);
        var asksForHelp = parse.Action is not null && parse.Action is not System.CommandLine.Invocation.ParseErrorAction
            && parse.Errors.Count == 0;
        if (!asksForHelp && parse.Errors.Count > 0) return Usage(parse, globals);

        using var interruption = new Interruption();
        try
        {
            var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            var exitCode = await parse.InvokeAsync(invocation, interruption.Token);
            return exitCode;
        }
        catch (Exception failure) when (failure is not OperationCanceledException || interruption.Token.IsCancellationRequested)
        {
            return Failures.Report(failure, globals.OutletOf(parse));
        }
    }

    /// <summary>What was wrong with the command line, and what was probably meant.</summary>
    static int Usage(ParseResult parse, Globals globals)
    {
        var command = parse.CommandResult.Command;
        var path = CommandTree.PathOf(parse.CommandResult);
        var errors = parse.UnmatchedTokens is [var unknown, ..]
            ? [$"\"{unknown}\" is no {Place(unknown, command)} of {path}."]
            : parse.Errors.Select(static error => error.Message).Distinct(StringComparer.Ordinal);
        var candidates = command.Subcommands.Where(static sub => !sub.Hidden).Select(static sub => sub.Name)
            .Concat(command.Options.Where(static option => !option.Hidden).Select(static option => option.Name))
            .Concat(globals.Names).ToArray();
        var meant = parse.UnmatchedTokens.Select(token => Suggestions.Nearest(token, candidates)).OfType<string>().FirstOrDefault();
        var detail = string.Join(' ', errors) + " Nothing was done."
            + (meant is null ? "" : $"\nDid you mean: {path} {meant}")
            + $"\nSee: {path} --help";
        globals.OutletOf(parse).Write(Problem.Of(ProblemCodes.BadRequest, 400, "Wrong usage", detail), ExitCodes.Usage);
        return ExitCodes.Usage;
    }

    static string Place(string token, Command command) =>
        token.StartsWith('-') ? "option" : command.Subcommands.Count > 0 ? "command" : "argument";
}
