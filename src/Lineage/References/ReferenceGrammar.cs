using System.Globalization;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Decisions;

namespace Lineage.References;

/// <summary>A reference or why the text is none.</summary>
public abstract record ReferenceParse
{
    ReferenceParse() { }

    public sealed record Parsed(Reference Reference) : ReferenceParse;

    public sealed record Refused(Decision.Refused Refusal) : ReferenceParse;
}

/// <summary>
/// One grammar for terminal, API and user interface: <c>run</c>, <c>run@step</c>, <c>run:latest</c>, <c>run:latest-verified</c>,
/// <c>run:best(metric)</c>, <c>run:tag</c>, <c>run/generation/step</c>, each with <c>~n</c> behind it. A run may be named by a prefix.
/// </summary>
public static class ReferenceGrammar
{
    /// <summary>Longer texts are refused unread.</summary>
    public const int CharactersMax = 200;

    /// <summary>Most steps back in all.</summary>
    public const int BackMax = 100_000;

    public const string Supported = "run, run@step, run:latest, run:latest-verified, run:best(metric), run:best(metric,max), "
        + "run:tag, run/generation/step, and any of them followed by ~n";

    public static ReferenceParse Parse(string text) => text switch
    {
        "" => Bad(text, $"it is empty; allowed are 1-{CharactersMax} characters"),
        { Length: > CharactersMax } => Bad(
            text[..40] + "…", $"it has {Refusals.Number(text.Length)} characters; allowed are {CharactersMax}"),
        _ when text.Contains("@{", StringComparison.Ordinal) => NotBuilt(text, "a reference as it was known at a time (@{…})"),
        _ when text.Contains("..", StringComparison.Ordinal) => NotBuilt(text, "a range of checkpoints (a..b)"),
        _ when text.IndexOf('~', StringComparison.Ordinal) is var at and >= 0 => Ancestor(text, text[..at], text[at..]),
        _ => Root(text),
    };

    static ReferenceParse Root(string text)
    {
        var cut = text.AsSpan().IndexOfAny(":@/");
        var run = cut < 0 ? text : text[..cut];
        if (!RunId.TryParse(run, out _))
            return Bad(text, $"\"{run}\" cannot name a run: expected 1-{RunId.LengthMax} characters a-z, 0-9, '.', '_' or '-', beginning "
                + "with a letter or digit");
        if (cut < 0) return new ReferenceParse.Parsed(new Reference.WholeRun(run));
        var rest = text[(cut + 1)..];
        return text[cut] switch
        {
            '@' => Number(rest, Step.Max) is { } step
                ? new ReferenceParse.Parsed(new Reference.AtStep(run, new Step(step)))
                : Bad(text, $"\"{rest}\" is no step: expected a whole number without sign or leading zeros after '@'"),
            '/' => rest.Split('/') is [var generation, var step] && Number(generation, Generation.Max) is { } g
                && Number(step, Step.Max) is { } s
                ? new ReferenceParse.Parsed(new Reference.Exact(run, new Generation(g), new Step(s)))
                : Bad(text, "expected run/generation/step with whole numbers, for example demo/3/120"),
            _ => Selector(text, run, rest),
        };
    }

    static ReferenceParse Selector(string text, string run, string selector) => selector switch
    {
        "latest" => new ReferenceParse.Parsed(new Reference.Latest(run)),
        "latest-verified" => new ReferenceParse.Parsed(new Reference.LatestVerified(run)),
        "" => Bad(text, "nothing stands after ':'"),
        _ when selector.StartsWith("best(", StringComparison.Ordinal) => Best(text, run, selector["best(".Length..]),
        _ when Wording.OfTag(selector) is not null => Bad(text, $"\"{selector}\" is neither a selector nor a tag"),
        _ => new ReferenceParse.Parsed(new Reference.Tagged(run, selector)),
    };

    /// <param name="rest">What stands behind the opening bracket.</param>
    static ReferenceParse Best(string text, string run, string rest)
    {
        if (!rest.EndsWith(')')) return Bad(text, "the bracket behind best is not closed");
        MetricOrder? order = rest[..^1].Split(',') switch
        {
            [_] or [_, "min"] => MetricOrder.LowerIsBetter,
            [_, "max"] => MetricOrder.HigherIsBetter,
            _ => null,
        };
        var metric = rest[..^1].Split(',')[0];
        return order is not { } asked ? Bad(text, "behind the metric only max or min is expected, for example demo:best(accuracy,max)")
            : Wording.OfMetric(metric) is not null ? Bad(text, $"\"{metric}\" cannot name a metric")
            : new ReferenceParse.Parsed(new Reference.Best(run, metric, asked));
    }

    /// <summary><c>~</c> is one back, <c>~3</c> three; several add up.</summary>
    static ReferenceParse Ancestor(string text, string root, string tail)
    {
        if (Root(root) is not ReferenceParse.Parsed parsed) return Root(root);
        long back = 0;
        foreach (var part in tail[1..].Split('~'))
        {
            if ((part.Length == 0 ? 1 : Number(part, BackMax)) is not { } number)
                return Bad(text, $"\"~{part}\" is no distance: expected ~ and a whole number of at most {Refusals.Number(BackMax)}");
            back += number;
        }

        return back > BackMax ? Bad(text, $"it goes back {Refusals.Number(back)} checkpoints; allowed are {Refusals.Number(BackMax)}")
            : back == 0 ? parsed
            : new ReferenceParse.Parsed(new Reference.Ancestor(parsed.Reference, (int)back));
    }

    static long? Number(string text, long max) =>
        text.Length is >= 1 and <= 16 && (text.Length == 1 || text[0] != '0')
        && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= max ? number : null;

    static ReferenceParse.Refused Bad(string text, string why) => new(Refusals.Of(
        ProblemCodes.BadReference, 400, "Not a reference", $"\"{text}\" names nothing: {why}. Supported forms: {Supported}."));

    static ReferenceParse.Refused NotBuilt(string text, string what) => new(Refusals.Of(
        ProblemCodes.BadReference, 400, "This form of reference is not supported",
        $"\"{text}\" asks for {what}, which this version cannot resolve. Supported forms: {Supported}."));
}
