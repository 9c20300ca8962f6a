using System.Globalization;

namespace Lineage.Tests.Chaos.Calibration;

/// <summary>How many scripts a calibration plays: few at every build, <c>LINEAGE_CALIBRATION</c> times as many at night.</summary>
static class Scale
{
    const int FactorMax = 1_000;

    public static int Of(int scripts) => checked(scripts * Factor);

    static int Factor => int.TryParse(
        Environment.GetEnvironmentVariable("LINEAGE_CALIBRATION"), NumberStyles.None, CultureInfo.InvariantCulture, out var factor)
            ? Math.Clamp(factor, 1, FactorMax)
            : 1;
}
