using System.Globalization;
using System.Text.Json.Serialization;

namespace Lineage.Contracts.Identity;

/// <summary>
/// Fencing token: the number of the lease under which a run is written. It only grows. 0 means that no lease was granted yet, so the
/// default value is older than everything and is refused everywhere.
/// </summary>
[JsonConverter(typeof(NumberValueConverter<Generation>))]
public readonly record struct Generation : INumberValue<Generation>, IComparable<Generation>
{
    public const long Min = 0, Max = 9_007_199_254_740_991;

    public Generation(long value)
    {
        if (value is < Min or > Max)
            throw new FormatException($"{value} is no generation: expected a whole number in [{Min}-{Max}].");
        Value = value;
    }

    public long Value { get; }

    long INumberValue<Generation>.Number => Value;

    public static Generation From(long number) => number is < Min or > Max
        ? throw new FormatException($"{number} is no generation: expected a whole number in [{Min}-{Max}].")
        : new Generation((long)number);

    public int CompareTo(Generation other) => Value.CompareTo(other.Value);

    public static bool operator <(Generation left, Generation right) => left.Value < right.Value;

    public static bool operator >(Generation left, Generation right) => left.Value > right.Value;

    public static bool operator <=(Generation left, Generation right) => left.Value <= right.Value;

    public static bool operator >=(Generation left, Generation right) => left.Value >= right.Value;

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
