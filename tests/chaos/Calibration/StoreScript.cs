using System.Globalization;

namespace Lineage.Tests.Chaos.Calibration;

/// <summary>What happens to a transaction between its reading and its answer.</summary>
enum CommitFault { None, KilledBefore, KilledDuring, AnswerLost }

/// <summary>One transaction that is to be tried, beside the others of its round, which all read first.</summary>
sealed record CommitPlan(string Id, IReadOnlyList<string> Streams, CommitFault Fault);

/// <summary>Rounds of transactions that race for two streams. The same script goes to the real store and to the model.</summary>
static class StoreScript
{
    const int RacersMax = 3;

    public static readonly string[] Streams = ["run/a", "run/b"];

    public static IReadOnlyList<IReadOnlyList<CommitPlan>> Draw(int rounds, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, rounds).Select(round => Round(round, random))];
    }

    static IReadOnlyList<CommitPlan> Round(int round, Random random)
    {
        var racers = random.Next(1, RacersMax + 1);
        return
        [
            .. Enumerable.Range(0, racers).Select(racer => new CommitPlan(
                string.Create(CultureInfo.InvariantCulture, $"t{round}-{racer}"),
                random.Next(3) switch { 0 => [Streams[0]], 1 => [Streams[1]], _ => Streams },
                (CommitFault)random.Next(4))),
        ];
    }
}
