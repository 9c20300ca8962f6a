using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary>Arguments and options that several verbs take, parsed into the contracts' own types.</summary>
internal static class Inputs
{
    public static Argument<string> Reference(string name = "REF") => new(name)
    {
        Description = "run, run@step, run:latest, run:latest-verified, run:best(metric), run:tag, run/generation/step or ref~N.",
    };

    public static Argument<RunId> Run() => new("RUN")
    {
        Description = "Name of a run.",
        CustomParser = static result => Parse(result, RunId.Parse),
    };

    public static Option<T?> Value<T>(string name, string description, string help, Func<string, T> parse, params string[] aliases) where T
        : struct =>
        new(name, aliases)
        {
            Description = description,
            HelpName = help,
            CustomParser = result => Parse(result, text => (T?)parse(text)),
        };

    public static Option<int> Count(string name, string description, int standard, int min, int max, params string[] aliases)
    {
        var option = new Option<int>(name, aliases)
        {
            Description = $"{description} (default {standard}).",
            HelpName = "N",
            DefaultValueFactory = _ => standard,
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && int.TryParse(text, CultureInfo.InvariantCulture, out var value)
                && (value < min || value > max))
                result.AddError($"{name} is {value}; expected {min}-{max}.");
        });
        return option;
    }

    /// <summary>For what may be left out.</summary>
    public static T? Optional<T>(ArgumentResult result, Func<string, T> parse) where T : struct =>
        result.Tokens.Count == 0 ? null : Parse(result, text => (T?)parse(text));

    /// <summary>A run that may be left out.</summary>
    public static Argument<RunId?> OptionalRun(string description) => new("RUN")
    {
        Description = description,
        Arity = ArgumentArity.ZeroOrOne,
        DefaultValueFactory = static _ => null,
        CustomParser = static result => Optional(result, RunId.Parse),
    };

    static T? Parse<T>(ArgumentResult result, Func<string, T> parse)
    {
        try
        {
            return parse(result.Tokens.Single().Value);
        }
        catch (FormatException e)
        {
            result.AddError(e.Message);
            return default;
        }
    }
}
