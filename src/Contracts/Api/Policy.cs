namespace Lineage.Contracts.Api;

/// <summary>How a run saves. Part of <see cref="Events.RunRegistered"/>, so its shape only grows.</summary>
/// <param name="FullEvery">Every how many saves a full checkpoint is due; 1 makes every checkpoint full.</param>
/// <param name="SaveDeadlineSeconds">Time from open after which an unfinished save is abandoned.</param>
/// <param name="Copies">Durable copies that a shard needs before it counts.</param>
/// <param name="LeaseSeconds">Validity of a lease without renewal.</param>
public sealed record SavePolicy(int FullEvery = 8, int SaveDeadlineSeconds = 60, int Copies = 1, int LeaseSeconds = 30)
{
    public static SavePolicy Default { get; } = new();

    /// <summary>Null if the policy can be followed; otherwise what is wrong with which field, got against allowed.</summary>
    public string? Objection() => this switch
    {
        { FullEvery: < 1 or > 10_000 } => $"fullEvery is {FullEvery}; allowed are 1-10,000 saves.",
        { SaveDeadlineSeconds: < 1 or > 86_400 } => $"saveDeadlineSeconds is {SaveDeadlineSeconds}; allowed are 1-86,400 s.",
        { Copies: < 1 or > 16 } => $"copies is {Copies}; allowed are 1-16.",
        { LeaseSeconds: < 1 or > 86_400 } => $"leaseSeconds is {LeaseSeconds}; allowed are 1-86,400 s.",
        _ => null,
    };
}
