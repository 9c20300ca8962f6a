using Lineage.ChaosHarness.Checkers;

namespace Lineage.ChaosHarness.Reports;

/// <summary>Exit codes of the chaos commands. A verdict that nobody can trust outweighs the verdict.</summary>
public static class ChaosExit
{
    public const int Valid = 0, Safety = 1, Liveness = 2, Harness = 3, Vacuous = 4, MissingCapability = 5;

    /// <param name="isMissing">Whether something is missing that the run was asked to have.</param>
    public static int Of(Verdict verdict, bool isHarnessFault, bool isMissing) =>
        isHarnessFault ? Harness
        : !verdict.SafetyHolds ? Safety
        : !verdict.LivenessHolds ? Liveness
        : isMissing ? MissingCapability
        : verdict.Invariants.All(static one => one.Judgement is Judgement.Never or Judgement.Unknown) ? Vacuous
        : Valid;

    public static string Word(int code) => code switch
    {
        Valid => "valid",
        Safety => "a safety invariant is violated",
        Liveness => "a liveness invariant is violated",
        Harness => "the harness cannot be trusted",
        Vacuous => "nothing was triggered",
        MissingCapability => "a required capability is missing",
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "Not an exit code of a chaos command."),
    };
}
