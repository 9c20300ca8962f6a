namespace Lineage.ChaosHarness.Faults;

/// <summary>
/// Whether the kernel's packet filter may be touched: only inside a network namespace that the harness made for its world, where loopback
/// is nobody else's. The rules themselves are <see cref="PacketChain"/>.
/// </summary>
public static class Firewall
{
    /// <summary>Set in a harness that runs inside a network namespace of its own; without it no rule is ever made.</summary>
    public const string OwnNetwork = "LINEAGE_CHAOS_NETWORK";

    public static bool IsOwn => Environment.GetEnvironmentVariable(OwnNetwork) is "own";
}
