using Lineage.Contracts.Api;

namespace Lineage.Decisions;

/// <summary>Which names and reasons people may give: what goes on record for ever has to be readable, a name has to be
/// typeable.</summary>
public static class Wording
{
    public const int TagMax = 64, HoldMax = 64, MetricMax = 100, ReasonMax = 1_000;

    /// <summary>Selectors of the reference grammar; as tags they could never be asked for.</summary>
    static readonly string[] Reserved = ["latest", "latest-verified", "best"];

    /// <summary>Null if it can name a tag.</summary>
    public static Decision.Refused? OfTag(string tag) =>
        tag is not { Length: >= 1 and <= TagMax } || !tag.All(static c => char.IsAsciiLetterLower(c) || IsPlain(c))
            || tag.Contains("..", StringComparison.Ordinal)
            ? Bad("tag", tag, $"1-{TagMax} characters a-z, 0-9, '.', '_' or '-', without \"..\"")
            : Reserved.Contains(tag, StringComparer.Ordinal)
                ? Bad("tag", tag, $"any name but {string.Join(", ", Reserved)}, which references use themselves")
                : null;

    /// <summary>Null if it can name a legal hold.</summary>
    public static Decision.Refused? OfHold(string hold) =>
        hold is { Length: >= 1 and <= HoldMax } && hold.All(static c => char.IsAsciiLetter(c) || IsPlain(c))
            ? null
            : Bad("hold", hold, $"1-{HoldMax} characters a-z, A-Z, 0-9, '.', '_' or '-'");

    /// <summary>Null if it can name a metric: it also stands in references, as <c>run:best(name,max)</c>.</summary>
    public static Decision.Refused? OfMetric(string name) =>
        name is { Length: >= 1 and <= MetricMax } && name.All(static c => c is > ' ' and <= '~' and not ('(' or ')' or ','))
            ? null
            : Bad("metric", name, $"1-{MetricMax} printable ASCII characters without blanks, '(', ')' and ','");

    /// <summary>Null if it says why.</summary>
    public static Decision.Refused? OfReason(string reason) =>
        !string.IsNullOrWhiteSpace(reason) && reason.Length <= ReasonMax && !reason.Any(char.IsControl)
            ? null
            : Refusals.BadRequest(
                $"A reason of {Refusals.Number(reason.Length)} characters was given; expected 1-{Refusals.Number(ReasonMax)} on one line. "
                + "Nothing was changed. Say why: it stays on record.");

    static bool IsPlain(char c) => char.IsAsciiDigit(c) || c is '.' or '_' or '-';

    static Decision.Refused Bad(string what, string name, string expected) => Refusals.Of(
        ProblemCodes.InvalidMark, 400, $"Not a name for a {what}",
        $"\"{(name.Length > 80 ? name[..80] + "…" : name)}\" cannot name a {what}: expected {expected}. Nothing was changed. "
        + "Choose another name.");
}
