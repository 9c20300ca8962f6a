namespace Lineage.ChaosHarness.Exchange;

/// <summary>A file that is no scenario or no experiment: where, and what was expected. Nothing was run.</summary>
public sealed class ScenarioException(long line, string what)
    : Exception(line > 0 ? $"Line {line:N0}: {what}. Nothing was run." : $"{what}. Nothing was run.")
{
    /// <summary>1 for the first; 0 where the file as a whole is meant.</summary>
    public long Line => line;
}
