namespace Lineage.Cli.Rendering;

/// <summary>What a piece of text means; a terminal turns it into a colour, a file into nothing. Meaning never rests on the tone
/// alone.</summary>
internal enum Tone { Plain, Strong, Dim, Good, Warn, Bad, Accent }

/// <summary>Text in one tone. Control characters are made visible, so that nothing a server or a file says can steer the
/// terminal.</summary>
internal readonly record struct Piece
{
    public Piece(string text, Tone tone = Tone.Plain)
    {
        Text = Clean(text);
        Tone = tone;
    }

    public string Text { get; }

    public Tone Tone { get; }

    public static implicit operator Piece(string text) => new(text);

    public static implicit operator Piece((string Text, Tone Tone) piece) => new(piece.Text, piece.Tone);

    static string Clean(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\0', '\x1f') && !text.AsSpan().ContainsAnyInRange('\x7f', '\x9f')) return text;
        return string.Create(text.Length, text, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = char.IsControl(source[i]) ? ' ' : source[i];
        });
    }
}

/// <summary>One line of output, without its end of line.</summary>
internal sealed class Line(params IReadOnlyList<Piece> pieces)
{
    public static Line Empty { get; } = new();

    public IReadOnlyList<Piece> Pieces { get; } = pieces;

    /// <summary>Columns it takes; every character used here is one column wide.</summary>
    public int Width => Pieces.Sum(static piece => piece.Text.Length);

    public string Text => string.Concat(Pieces.Select(static piece => piece.Text)).TrimEnd();

    public override string ToString() => Text;

    /// <summary>Cut to a width, the loss marked. A width of 0 has no limit.</summary>
    public Line Fit(Screen screen)
    {
        if (screen.Width == 0 || Width <= screen.Width) return this;
        var kept = new List<Piece>();
        var room = screen.Width - 1;
        foreach (var piece in Pieces)
        {
            var text = piece.Text.Length <= room ? piece.Text : piece.Text[..room];
            kept.Add((text, piece.Tone));
            room -= text.Length;
            if (room == 0) break;
        }

        kept.Add((screen.Glyphs.More, Tone.Dim));
        return new Line(kept);
    }
}
