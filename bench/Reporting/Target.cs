namespace Lineage.Bench.Reporting;

/// <summary>A design goal (of the codec, of saving) beside what this run measured.</summary>
/// <param name="Value">NaN where the run has nothing to say, because a trace or a rival was left out.</param>
/// <param name="AtLeast">False: the value may be at most the goal.</param>
/// <param name="Unit">Printed behind both.</param>
/// <param name="On">The trace that decided, where several could.</param>
sealed record Target(string What, double Goal, double Value, bool AtLeast = true, string Unit = "x", string On = "")
{
    public string Verdict => double.IsNaN(Value) ? "not measured" : (AtLeast ? Value >= Goal : Value <= Goal) ? "met" : "missed";

    public string Text(double value) =>
        Unit == "x" ? Table.Times(value) : double.IsFinite(value) ? Table.Number(value) + Unit : "–";
}
