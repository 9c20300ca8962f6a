using System.Globalization;
using System.Text.Json.Serialization;

namespace Lineage.Contracts.Identity;

/// <summary>Number of ranks of a run at one time. The default value (0) is no world and is refused wherever one is needed.</summary>
[JsonConverter(typeof(NumberValueConverter<WorldSize>))]
public readonly record struct WorldSize : INumberValue<WorldSize>
{
    public const int Min = 1, Max = 1_048_576;

    public WorldSize(int value)
    {
        if (value is < Min or > Max)
            throw new FormatException($"{value} is no world size: expected a whole number in [{Min}-{Max}].");
        Value = value;
    }

    public int Value { get; }

    long INumberValue<WorldSize>.Number => Value;

    public static WorldSize From(long number) => number is < Min or > Max
        ? throw new FormatException($"{number} is no world size: expected a whole number in [{Min}-{Max}].")
        : new WorldSize((int)number);

    public bool Contains(Rank rank) => rank.Value < Value;

    public IEnumerable<Rank> Ranks => Enumerable.Range(0, Value).Select(static rank => new Rank(rank));

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
