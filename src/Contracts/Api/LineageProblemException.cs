namespace Lineage.Contracts.Api;

/// <summary>
/// Something was refused or failed, and it is known which way: the problem is what people and programs are told, without a stack trace.
/// </summary>
/// <remarks>Thrown by adapters only (HTTP client, tiers, outbox, server start). Deciders return refusals as values.</remarks>
public sealed class LineageProblemException(Problem problem, Exception? cause = null)
    : Exception($"{problem.Detail} [{problem.Code}]", cause)
{
    public Problem Problem { get; } = problem;

    /// <summary>One of <see cref="ProblemCodes"/>.</summary>
    public string Code => Problem.Code;
}
