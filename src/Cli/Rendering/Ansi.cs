using System.Text;

namespace Lineage.Cli.Rendering;

/// <summary>Lines as text, with or without colour. The eight basic colours only, so that every theme stays readable.</summary>
internal static class Ansi
{
    const string Reset = "\x1b[0m";

    public static string Write(Line line, bool colour)
    {
        if (!colour) return line.Text;
        var text = new StringBuilder();
        foreach (var piece in line.Pieces)
        {
            if (Code(piece.Tone) is not { } code || string.IsNullOrWhiteSpace(piece.Text)) text.Append(piece.Text);
            else text.Append(code).Append(piece.Text).Append(Reset);
        }

        return text.ToString().TrimEnd();
    }

    static string? Code(Tone tone) => tone switch
    {
        Tone.Strong => "\x1b[1m",
        Tone.Dim => "\x1b[2m",
        Tone.Good => "\x1b[32m",
        Tone.Warn => "\x1b[33m",
        Tone.Bad => "\x1b[31m",
        Tone.Accent => "\x1b[36m",
        _ => null,
    };
}
