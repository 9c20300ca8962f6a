using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.References;

/// <summary>What a person or a program names: a run, or one checkpoint of it. Closed.</summary>
/// <param name="Run">The run's id or a prefix of it that no other run shares.</param>
public abstract record Reference(string Run)
{
    /// <summary><c>run</c></summary>
    public sealed record WholeRun(string Run) : Reference(Run);

    /// <summary><c>run@step</c>: the checkpoint of the history at that step.</summary>
    public sealed record AtStep(string Run, Step Step) : Reference(Run);

    /// <summary><c>run:latest</c>: the newest sealed and unquarantined checkpoint of the history.</summary>
    public sealed record Latest(string Run) : Reference(Run);

    /// <summary><c>run:latest-verified</c>: the newest restore point of the history.</summary>
    public sealed record LatestVerified(string Run) : Reference(Run);

    /// <summary><c>run:tag</c>: what people gave that name to, on the history or not.</summary>
    public sealed record Tagged(string Run, string Tag) : Reference(Run);

    /// <summary><c>run:best(metric)</c>, <c>run:best(metric,max)</c>: of the sealed and unquarantined checkpoints of the history the one
    /// with the best recorded value; of equal ones the newest.</summary>
    public sealed record Best(string Run, string Metric, MetricOrder Order) : Reference(Run);

    /// <summary><c>run/generation/step</c>: this checkpoint, on the history or not.</summary>
    public sealed record Exact(string Run, Generation Generation, Step Step) : Reference(Run);

    /// <summary><c>ref~n</c>: n back by descent. Of a whole run, from its latest.</summary>
    public sealed record Ancestor(Reference Of, int Back) : Reference(Of.Run);
}
