using System.Globalization;

namespace Lineage.Cli.Rendering;

/// <summary>Figures for people. Bytes in binary units with three digits, times in the unit that keeps one to three digits.</summary>
internal static class Units
{
    static readonly string[] ByteUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    public static string Bytes(long bytes)
    {
        double value = bytes;
        var unit = 0;
        while (Math.Abs(value) >= 999.5 && unit < ByteUnits.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return unit == 0 ? Invariant($"{bytes} B") : Invariant($"{Fixed(value)} {ByteUnits[unit]}");
    }

    /// <summary>A size as people give it: bytes, or a number with a binary unit, as in <c>40GiB</c> or <c>1.5 MiB</c>.</summary>
    /// <exception cref="FormatException">It is none; the message says what is.</exception>
    public static long ParseBytes(string text)
    {
        var unit = Array.FindLastIndex(ByteUnits, unit => text.EndsWith(unit, StringComparison.OrdinalIgnoreCase));
        var number = unit < 0 ? text : text[..^ByteUnits[unit].Length].TrimEnd();
        if (decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value < 1L << 53 && value * (1L << (10 * Math.Max(0, unit))) is >= 1 and < 1L << 53 and var bytes
            && decimal.IsInteger(bytes))
            return (long)bytes;
        throw new FormatException($"\"{text}\" is no size: expected 1 byte to 8 PiB, for example 1073741824, 500MiB or 40GiB.");
    }

    /// <summary>Stored of raw, in percent.</summary>
    public static string Ratio(long stored, long raw, Glyphs glyphs) =>
        raw <= 0 ? glyphs.None : Invariant($"{Math.Round(100.0 * stored / raw, 1):0.0} %");

    public static string Duration(TimeSpan span) => span switch
    {
        { Ticks: < 0 } => "-" + Duration(span.Negate()),
        { TotalMicroseconds: < 999.5 } => Invariant($"{span.TotalMicroseconds:0} us"),
        { TotalMilliseconds: < 999.5 } => Invariant($"{Digits(span.TotalMilliseconds)} ms"),
        { TotalSeconds: < 59.95 } => Invariant($"{Digits(span.TotalSeconds)} s"),
        { TotalMinutes: < 60 } => Invariant($"{(int)span.TotalMinutes} min {span.Seconds} s"),
        { TotalHours: < 48 } => Invariant($"{(int)span.TotalHours} h {span.Minutes} min"),
        _ => Invariant($"{(int)span.TotalDays} d {span.Hours} h"),
    };

    public static string Seconds(double seconds) => Duration(TimeSpan.FromSeconds(seconds));

    public static string Microseconds(long microseconds) => Duration(TimeSpan.FromMicroseconds(microseconds));

    /// <summary>How long ago, in one unit. A time in the future (clocks differ) is said as such.</summary>
    public static string Age(DateTimeOffset at, DateTimeOffset now) => (now - at) switch
    {
        { TotalSeconds: < -5 } early => Invariant($"in {Coarse(early.Negate())}"),
        { TotalSeconds: < 1 } => "now",
        var late => Invariant($"{Coarse(late)} ago"),
    };

    public static string Moment(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Clock(DateTimeOffset at) => at.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);

    public static string Count(long count, string one, string? many = null) =>
        Invariant($"{count:N0} {(count == 1 ? one : many ?? one + "s")}");

    static string Coarse(TimeSpan span) => span switch
    {
        { TotalSeconds: < 60 } => Invariant($"{(int)span.TotalSeconds} s"),
        { TotalMinutes: < 60 } => Invariant($"{(int)span.TotalMinutes} min"),
        { TotalHours: < 48 } => Invariant($"{(int)span.TotalHours} h"),
        _ => Invariant($"{(int)span.TotalDays} d"),
    };

    static string Fixed(double value) => value switch
    {
        < 9.995 => value.ToString("0.00", CultureInfo.InvariantCulture),
        < 99.95 => value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.ToString("0", CultureInfo.InvariantCulture),
    };

    static string Digits(double value) => value switch
    {
        < 9.995 => value.ToString("0.##", CultureInfo.InvariantCulture),
        < 99.95 => value.ToString("0.#", CultureInfo.InvariantCulture),
        _ => value.ToString("0", CultureInfo.InvariantCulture),
    };

    static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
