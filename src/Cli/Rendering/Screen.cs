namespace Lineage.Cli.Rendering;

/// <summary>What pages are drawn for.</summary>
/// <param name="Width">Columns; 0 when there is no limit, as in a file or a pipe.</param>
/// <param name="Now">For ages.</param>
internal sealed record Screen(int Width, Glyphs Glyphs, DateTimeOffset Now);

/// <summary>The characters that draw; a second set for terminals that know ASCII only.</summary>
internal sealed record Glyphs
{
    public string Full { get; private init; } = "●";
    public string Delta { get; private init; } = "○";
    public string Recovery { get; private init; } = "↻";
    public string Start { get; private init; } = "◇";
    public string End { get; private init; } = "■";
    public string Pass { get; private init; } = "│";
    public string TeeRight { get; private init; } = "├";
    public string TeeLeft { get; private init; } = "┤";
    public string Cross { get; private init; } = "┼";
    public string Bridge { get; private init; } = "─";
    public string Rule { get; private init; } = "─";
    public string Verified { get; private init; } = "✓";
    public string Bad { get; private init; } = "✗";
    public string Pending { get; private init; } = "…";
    public string Abandoned { get; private init; } = "†";
    public string More { get; private init; } = "…";
    public string Dot { get; private init; } = "·";
    public string Arrow { get; private init; } = "→";
    public string None { get; private init; } = "–";
    public string Pin { get; private init; } = "⚑";
    public string Hold { get; private init; } = "§";

    public static Glyphs Unicode { get; } = new();

    public static Glyphs Ascii { get; } = new()
    {
        Full = "*",
        Delta = "o",
        Recovery = "@",
        Start = "^",
        End = "#",
        Pass = "|",
        TeeRight = "+",
        TeeLeft = "+",
        Cross = "+",
        Bridge = "-",
        Rule = "-",
        Verified = "v",
        Bad = "X",
        Pending = ".",
        Abandoned = "x",
        More = "~",
        Dot = "-",
        Arrow = "->",
        None = "-",
        Pin = "!",
        Hold = "&",
    };
}
