using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Lineage.Tests.Property.House;

[assembly: Properties(Arbitrary = [typeof(Seeds)])]

namespace Lineage.Tests.Property.House;

/// <summary>How many cases a law gets. <c>LINEAGE_SOAK=100 dotnet test tests/property -c Release --filter Category=Soak</c> runs each law
/// of the format a hundred times as long, with cases that CI never saw.</summary>
static class Soak
{
    /// <summary>What CI runs.</summary>
    public const int Laws = 10_000;

    /// <summary>The trait of laws that can be run longer.</summary>
    public const string Trait = "Category", Name = "Soak";

    /// <summary>1 in CI.</summary>
    public static int Times { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("LINEAGE_SOAK"), NumberStyles.None, CultureInfo.InvariantCulture, out var times)
            ? Math.Max(1, times)
            : 1;

    /// <param name="cases">In CI.</param>
    public static int Cases(int cases) => checked(cases * Times);

    /// <summary>Checks a law and prints, when it is broken, the smallest case and the seed that makes it again. For laws that say something
    /// of all cases together; others take <see cref="LawAttribute"/>.</summary>
    public static void Check<T>(int cases, Arbitrary<T> arbitrary, Action<T> law) =>
        FsCheck.Check.One(Config.QuickThrowOnFailure.WithMaxTest(Cases(cases)), Prop.ForAll(arbitrary, law));
}

/// <summary>A property with as many cases as a law gets (<see cref="Soak"/>).</summary>
[AttributeUsage(AttributeTargets.Method)]
sealed class LawAttribute : PropertyAttribute
{
    public LawAttribute() => MaxTest = Soak.Cases(Soak.Laws);
}

/// <summary>Whole numbers in the arguments of properties are seeds, of which FsCheck alone would draw two hundred: it begins with small
/// numbers and never goes beyond its size, which is 100.</summary>
public static class Seeds
{
    public static Arbitrary<int> Whole() => Gen.Choose(int.MinValue + 1, int.MaxValue - 1).ToArbitrary();
}
