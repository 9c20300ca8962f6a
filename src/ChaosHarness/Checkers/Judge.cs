namespace Lineage.ChaosHarness.Checkers;

/// <summary>
/// Says of one history which invariants of docs/PROTOCOL.md it keeps. It reads Contracts only and shares no code with what it judges, so
/// that a mistake there cannot excuse itself here. Pure; about a millisecond for 300 events.
/// </summary>
/// <remarks>
/// It accuses only where the evidence leaves no honest explanation: an event of another stream counts as known only if it was surely
/// there (<see cref="Evidence.RaceMs"/>), stored bytes count as damaged by the system only if no fault names them, and beyond the fault
/// budget nothing that needs surviving copies is asked.
/// </remarks>
public static class Judge
{
    public static Verdict Examine(Evidence evidence)
    {
        var file = new CaseFile(evidence);
        var bench = new Bench();
        DurabilityChecks.Examine(file, bench);
        WholenessChecks.Examine(file, bench);
        RecoveryChecks.Examine(file, bench);
        DetectionChecks.Examine(file, bench);
        StreamChecks.Examine(file, bench);
        ReclaimChecks.Examine(file, bench);
        LineageChecks.Examine(file, bench);
        FenceChecks.Examine(file, bench);
        ResumeChecks.Examine(file, bench);
        AccountChecks.Examine(file, bench);
        LivenessChecks.Examine(file, bench);
        ProgressChecks.Examine(file, bench);
        ClockChecks.Examine(file, bench);   // last: it looks at what the others found
        return new Verdict(bench.Close());
    }
}
