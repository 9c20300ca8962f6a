using System.CommandLine;
using Lineage.Cli.Configuration;
using Lineage.Cli.Rendering;
using Lineage.Cli.Terminal;

namespace Lineage.Cli.Verbs;

/// <summary>The options that every verb takes, and how a verb is run with them.</summary>
internal sealed class Globals(TimeProvider clock)
{
    static readonly string[] Formats = [.. Enum.GetNames<OutputFormat>().Select(static name => name.ToLowerInvariant())];

    public Option<string?> Server { get; } = new("--server")
    {
        Description = "Address of the Lineage server.",
        HelpName = "URL",
        Recursive = true,
    };

    public Option<string?> State { get; } = new("--state")
    {
        Description = "State directory: private PostgreSQL, store, outboxes, logs.",
        HelpName = "DIR",
        Recursive = true,
    };

    public Option<string?> Store { get; } = new("--store")
    {
        Description = "Directory of the stored shards (default: store in the state directory).",
        HelpName = "DIR",
        Recursive = true,
    };

    public Option<string?> KeyFile { get; } = new("--key-file")
    {
        Description = "File of the API key or token that proves who asks (as LINEAGE_KEY_FILE).",
        HelpName = "FILE",
        Recursive = true,
    };

    public Option<string?> Output { get; } = Chosen(new("--output", "-o")
    {
        Description = "How the answer is written.",
        HelpName = string.Join('|', Formats),
        Recursive = true,
    });

    public Option<bool> NoColor { get; } = new("--no-color") { Description = "No colour on a terminal (as NO_COLOR).", Recursive = true };

    public Option<bool> Ascii { get; } = new("--ascii") { Description = "Draw with ASCII characters only.", Recursive = true };

    public IEnumerable<string> Names => All.Select(static option => option.Name);

    Option[] All => [Server, State, Store, KeyFile, Output, NoColor, Ascii];

    public void AddTo(RootCommand root)
    {
        foreach (var option in All) root.Options.Add(option);
    }

    /// <summary>Makes a command run something that ends with an exit code.</summary>
    public Command Runs(Command command, Func<Invocation, CancellationToken, Task<int>> run)
    {
        command.SetAction((parse, ct) => run(Invoke(parse), ct));
        return command;
    }

    /// <exception cref="FormatException">A settings file or a variable says something that is no setting.</exception>
    public Invocation Invoke(ParseResult parse)
    {
        var settings = SettingsOnDisk.Read(Flags(parse));
        return new Invocation(parse, settings, OutletOf(parse, settings[Settings.Output].Value), clock);
    }

    /// <summary>Where to write when nothing else is known, for example because a settings file cannot be read.</summary>
    public Outlet OutletOf(ParseResult parse, string? format = null)
    {
        // The tokens, not the value: this is also asked while the command line is refused.
        var name = format ?? (parse.GetResult(Output)?.Tokens is [.., { Value: var given }] ? given : null)
            ?? Environment.GetEnvironmentVariable("LINEAGE_OUTPUT");
        var isKnown = Enum.TryParse<OutputFormat>(name, ignoreCase: true, out var known) && Enum.IsDefined(known);
        return new Outlet(isKnown ? known : OutputFormat.Table, IsOn(parse, NoColor), IsOn(parse, Ascii), clock);
    }

    static bool IsOn(ParseResult parse, Option option) => parse.GetResult(option) is { Implicit: false };

    Dictionary<string, string> Flags(ParseResult parse)
    {
        var flags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, option) in new[]
        {
            (Settings.Server, Server), (Settings.State, State), (Settings.Store, Store), (Settings.Output, Output),
        })
        {
            if (parse.GetValue(option) is { } value) flags[name] = value;
        }

        if (parse.GetValue(KeyFile) is { } file)
        {
            flags[Settings.Key] = Settings.FileScheme + Path.GetFullPath(file);

            // Ranks that this process starts inherit it; a command line is no place for it.
            Environment.SetEnvironmentVariable(Agents.Client.Credential.FileVariable, Path.GetFullPath(file));
            Environment.SetEnvironmentVariable(Agents.Client.Credential.Variable, null);
        }

        return flags;
    }

    static Option<string?> Chosen(Option<string?> option)
    {
        option.AcceptOnlyFromAmong(Formats);
        return option;
    }
}
