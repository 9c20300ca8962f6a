using System.Globalization;
using System.Text.Json.Serialization;

namespace Lineage.Contracts.Identity;

/// <summary>Index of a training process, 0..N-1.</summary>
[JsonConverter(typeof(NumberValueConverter<Rank>))]
public readonly record struct Rank : INumberValue<Rank>, IComparable<Rank>
{
    public const int Min = 0, Max = 1_048_575;

    public Rank(int value)
    {
        if (value is < Min or > Max)
            throw new FormatException($"{value} is no rank: expected a whole number in [{Min}-{Max}].");
        Value = value;
    }

    public int Value { get; }

    long INumberValue<Rank>.Number => Value;

    public static Rank From(long number) => number is < Min or > Max
        ? throw new FormatException($"{number} is no rank: expected a whole number in [{Min}-{Max}].")
        : new Rank((int)number);

    public int CompareTo(Rank other) => Value.CompareTo(other.Value);

    public static bool operator <(Rank left, Rank right) => left.Value < right.Value;

    public static bool operator >(Rank left, Rank right) => left.Value > right.Value;

    public static bool operator <=(Rank left, Rank right) => left.Value <= right.Value;

    public static bool operator >=(Rank left, Rank right) => left.Value >= right.Value;

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
