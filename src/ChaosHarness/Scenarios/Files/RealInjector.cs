using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>How one kind of fault is done to real processes.</summary>
/// <param name="Kind">Name in the fault catalogue.</param>
/// <param name="Target">Whom it may hurt; what a target begins with, where there are several divided by a bar.</param>
/// <param name="Needs">Of the machine.</param>
/// <param name="Do">Does it and gives back what was seen of it, or null while there is nothing to harm: then it is tried again.</param>
sealed record RealInjector(
    string Kind, string Target, IReadOnlyList<Capability> Needs, Func<FilePlay, ScheduledFault, Task<string?>> Do)
{
    /// <summary>Ends the harm; null where it is over at once.</summary>
    public Func<FilePlay, ScheduledFault, Task>? Heal { get; init; }

    /// <summary>Whether launcher and ranks have to talk to the service through a proxy for it.</summary>
    public bool ThroughProxy { get; init; }
}
