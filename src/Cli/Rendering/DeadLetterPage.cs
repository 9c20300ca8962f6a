using System.Globalization;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Rendering;

/// <summary>Dead letters: which message, since when, how often, and why.</summary>
internal static class DeadLetterPage
{
    public static IReadOnlyList<Line> List(IReadOnlyList<DeadLetterView> letters, Screen screen)
    {
        if (letters.Count == 0) return [new Line("There are no dead letters.")];
        var table = new Table(
            new Column("ID"), new Column("LAST"), new Column("TIMES", Right: true), new Column("ABOUT"), new Column("CODE"),
            new Column("REASON"));
        foreach (var letter in letters)
            table.Add(letter.Id, Time(letter.LastAt), Number(letter.Times), About(letter), (letter.Code, Tone.Bad), letter.Reason);
        return table.Draw(screen);
    }

    public static IReadOnlyList<Line> Show(DeadLetterView letter, Screen screen)
    {
        var facts = new FactList();
        facts.Add(
            "message", letter.Kind is { } kind ? $"{kind} about {About(letter)}" : $"{letter.BodyBytes:N0} bytes that are no message");
        facts.Add("refused", (letter.Code, Tone.Bad));
        facts.Add("why", letter.Reason);
        facts.Add("came by", letter.Carrier);
        facts.Add("from", letter.Actor ?? "unknown");
        facts.Add("first", Time(letter.FirstAt));
        facts.Add("last", $"{Time(letter.LastAt)}, {Number(letter.Times)} times in all");
        return
        [
            new Line(("Dead letter ", Tone.Plain), (letter.Id, Tone.Strong)).Fit(screen), .. facts.Draw(screen), Line.Empty,
            new Line((letter.Kind is null ? "Its bytes: -o json. " : $"To try it again: lineage dead-letter replay {letter.Id}", Tone.Dim))
                .Fit(screen),
        ];
    }

    public static IReadOnlyList<Line> Replayed(DeadLetterReplay replay, Screen screen) => replay.Taken
        ? [new Line(($"{screen.Glyphs.Verified} ", Tone.Good), $"The fact of {replay.Id} is on record; the letter is gone.").Fit(screen)]
        : [new Line(($"{screen.Glyphs.Bad} ", Tone.Bad), $"Refused again ({replay.Code}): {replay.Reason}").Fit(screen)];

    static string About(DeadLetterView letter) => letter.Checkpoint is null ? "–"
        : string.Create(CultureInfo.InvariantCulture, $"{letter.Checkpoint} rank {letter.Rank}");

    static string Time(DateTimeOffset at) => at.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
