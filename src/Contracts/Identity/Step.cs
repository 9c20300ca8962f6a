using System.Globalization;
using System.Text.Json.Serialization;

namespace Lineage.Contracts.Identity;

/// <summary>Optimizer steps done so far; 0 is the initial state. At most 2^53-1, so that every JSON reader keeps it exact.</summary>
[JsonConverter(typeof(NumberValueConverter<Step>))]
public readonly record struct Step : INumberValue<Step>, IComparable<Step>
{
    public const long Min = 0, Max = 9_007_199_254_740_991;

    public Step(long value)
    {
        if (value is < Min or > Max)
            throw new FormatException($"{value} is no training step: expected a whole number in [{Min}-{Max}].");
        Value = value;
    }

    public long Value { get; }

    long INumberValue<Step>.Number => Value;

    public static Step From(long number) => number is < Min or > Max
        ? throw new FormatException($"{number} is no training step: expected a whole number in [{Min}-{Max}].")
        : new Step((long)number);

    public int CompareTo(Step other) => Value.CompareTo(other.Value);

    public static bool operator <(Step left, Step right) => left.Value < right.Value;

    public static bool operator >(Step left, Step right) => left.Value > right.Value;

    public static bool operator <=(Step left, Step right) => left.Value <= right.Value;

    public static bool operator >=(Step left, Step right) => left.Value >= right.Value;

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
