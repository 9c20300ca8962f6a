using Lineage.Decisions;

namespace Lineage.Runs;

/// <summary>Decides over runs. Signature; the arms follow.</summary>
public static class RunDecider
{
    public static Decision Decide(Run? state, RunCommand command) => throw new NotSupportedException();
}
