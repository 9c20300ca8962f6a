using System.Runtime.InteropServices;

namespace Lineage.Agents.Comparing;

/// <summary>What comparing two stretches of elements found.</summary>
/// <param name="Changed">Elements whose bits differ: -0.0 and another NaN payload count.</param>
/// <param name="NanChanged">Those of them that are NaN before or after.</param>
/// <param name="NanAppeared">Those of them that were a number before and are NaN after.</param>
/// <param name="Largest">
/// Largest |after - before| among changed numbers; null if there is none, or the type is compared as bytes. A 64-bit difference above 2^53
/// is rounded to a double.
/// </param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ElementTally(long Changed, long NanChanged, long NanAppeared, double? Largest)
{
    public ElementTally Plus(ElementTally other) => new(
        Changed + other.Changed, NanChanged + other.NanChanged, NanAppeared + other.NanAppeared,
        Largest is { } mine && other.Largest is { } its ? Math.Max(mine, its) : Largest ?? other.Largest);
}
