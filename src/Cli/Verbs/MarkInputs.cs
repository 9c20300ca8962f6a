using System.CommandLine;

namespace Lineage.Cli.Verbs;

/// <summary>Arguments and options of the verbs by which people decide something.</summary>
internal static class MarkInputs
{
    public static Option<string> Reason() => new("--reason", "-r")
    {
        Description = "Why; it stays on record.",
        HelpName = "TEXT",
        Required = true,
    };

    public static Argument<string> Name(string name, string description) => new(name) { Description = description };
}
