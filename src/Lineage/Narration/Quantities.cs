using System.Globalization;

namespace Lineage.Narration;

/// <summary>Numbers with units for people, in the invariant culture.</summary>
public static class Quantities
{
    static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    public static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Plural(long count, string one, string? many = null) => $"{Number(count)} {(count == 1 ? one : many ?? one + "s")}";

    /// <summary>Binary multiples: <c>512 B</c>, <c>3.4 MiB</c>.</summary>
    public static string Bytes(long bytes)
    {
        double value = bytes;
        var unit = 0;
        for (; Math.Abs(value) >= 1024 && unit < Units.Length - 1; unit++) value /= 1024;
        return unit == 0 ? $"{Number(bytes)} B" : string.Create(CultureInfo.InvariantCulture, $"{value:0.0} {Units[unit]}");
    }

    /// <summary>A share with one digit: <c>92.0 %</c>.</summary>
    public static string Percent(double part, double whole) =>
        string.Create(CultureInfo.InvariantCulture, $"{(whole > 0 ? 100 * part / whole : 0):0.0} %");

    public static string Milliseconds(long microseconds) =>
        string.Create(CultureInfo.InvariantCulture, $"{microseconds / 1000.0:#,0.0} ms");
}
