namespace Lineage.ChaosHarness.Worlds;

/// <summary>
/// The world of a scenario could not be built or kept running. This is a fault of the harness or the machine, never a verdict.
/// </summary>
public sealed class WorldException(string message) : Exception(message);
