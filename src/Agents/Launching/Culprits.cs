using System.Collections.Immutable;
using System.Globalization;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Launching;

/// <summary>
/// Who failed, when a whole generation ended. One death takes all with it: peers lose their connection and stop, the launcher stops the
/// rest. In order of trust: ranks that ended by themselves with an end of their own; the rank that fell silent; a rank that others lost
/// and that did not itself lose one; else whoever ended first by itself.
/// </summary>
public static class Culprits
{
    const int KilledBySignal9 = 128 + 9, KilledBySignal15 = 128 + 15;

    /// <summary>Whether an end after the launcher's SIGTERM was nevertheless the rank's own.</summary>
    /// <param name="killed">The launcher has sent SIGKILL as well.</param>
    public static bool IsUnbidden(int exitCode, bool killed) => exitCode switch
    {
        ExitCodes.Done or ExitCodes.PeerLost or ExitCodes.Interrupted or KilledBySignal15 => false,
        KilledBySignal9 => !killed,
        _ => true,
    };

    public static LaunchFailure Find(LaunchState state)
    {
        var own = state.Ranks.Where(static r => r.Value is { Unbidden: true, Exit: not (ExitCodes.PeerLost or ExitCodes.Done) }).ToArray();
        if (own.Length > 0)
            return new LaunchFailure(string.Join("; ", own.Select(static r => Describe(new Rank(r.Key), r.Value))), Keys(own));
        if (state.Silent is { } silent) return new LaunchFailure(state.Suspicion ?? $"rank {silent} fell silent", [silent]);
        var accused = state.Ranks.Values.Select(static r => r.Accused).OfType<Rank>().Distinct()
            .Where(rank => state.Ranks.TryGetValue(rank.Value, out var life) && life.Accused is null).Order().ToImmutableArray();
        if (accused.Length > 0) return new LaunchFailure($"rank {string.Join(", ", accused)} stopped answering its peers", accused);
        var first = state.Ranks.Where(static r => r.Value.Unbidden).ToArray();
        return new LaunchFailure(state.Suspicion ?? "the generation ended", Keys(first));
    }

    public static string Describe(Rank rank, RankLife life) => life.Exit switch
    {
        null => $"rank {rank} lives",
        > 128 and < 160 and not ExitCodes.Interrupted =>
            string.Create(CultureInfo.InvariantCulture, $"rank {rank} was killed by signal {life.Exit - 128}"),
        _ when life.ErrorCode is { } code => $"rank {rank} ended with {code}: {life.ErrorMessage}",
        _ => string.Create(CultureInfo.InvariantCulture, $"rank {rank} ended with exit code {life.Exit}"),
    };

    static ImmutableArray<Rank> Keys(KeyValuePair<int, RankLife>[] ranks) => [.. ranks.Select(static r => new Rank(r.Key))];
}
