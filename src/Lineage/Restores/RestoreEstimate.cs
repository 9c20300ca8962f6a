using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Narration;
using Lineage.Questions;

namespace Lineage.Restores;

/// <summary>How long a restore may take, and where that figure comes from.</summary>
/// <param name="Basis">For people: measured on what, or assumed.</param>
public sealed record RestoreEstimate(double Seconds, string Basis)
{
    /// <summary>Assumed only while nothing was measured: what one rank reads, checks and decodes in a second from a modest disk.</summary>
    public const long AssumedBytesPerSecond = 100L << 20;

    /// <param name="readBytes">Along the chain, all ranks together.</param>
    /// <param name="worldSize">Ranks that read side by side.</param>
    /// <param name="past">Restores of this run by single ranks, in any order; those that read nothing or took no time say nothing.</param>
    public static RestoreEstimate Of(long readBytes, WorldSize worldSize, IEnumerable<RestoreRate> past)
    {
        var rates = past.Where(static e => e is { ReadBytes: > 0, Milliseconds: > 0 })
            .Select(static e => e.ReadBytes * 1000.0 / e.Milliseconds).Order().ToList();
        var rate = rates.Count > 0 ? rates[rates.Count / 2] : AssumedBytesPerSecond;
        var perSecond = $"{Quantities.Bytes((long)rate)}/s per rank";
        return new RestoreEstimate(
            readBytes / rate / Math.Max(1, worldSize.Value),
            rates.Count > 0
                ? $"measured: median of {Quantities.Plural(rates.Count, "rank restore")} of this run, {perSecond}"
                : $"assumed {perSecond}; no restore of this run was measured yet");
    }

    /// <summary>The plan to show first and to execute then.</summary>
    public static RestorePlan Plan(ChainView chain, WorldSize worldSize, string why, IReadOnlyList<RejectedCandidate> rejected,
        IEnumerable<RestoreRate> past)
    {
        var estimate = Of(chain.ReadBytes, worldSize, past);
        return new RestorePlan(chain.Checkpoint, why, rejected, chain, chain.ReadBytes, estimate.Seconds, estimate.Basis);
    }
}
