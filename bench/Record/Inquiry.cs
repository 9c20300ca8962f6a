using System.Diagnostics;
using System.Net;
using Lineage.Bench.Measuring;

namespace Lineage.Bench.Record;

/// <summary>What came of one question.</summary>
/// <param name="Saturated">Sorted milliseconds; every client asked again as soon as it had its answer.</param>
/// <param name="PerSecond">Answers a second then: all that the machine gives.</param>
/// <param name="Paced">Sorted milliseconds at half of that rate.</param>
/// <param name="Processor">Processor milliseconds per request: client, server and PostgreSQL together.</param>
/// <param name="Wrong">The first answer that was not what it had to be.</param>
sealed record Answers(double[] Saturated, double PerSecond, double[] Paced, double Processor, int Verified, string? Wrong)
{
    public static double At(double[] sorted, double share) => sorted.Length == 0 ? double.NaN
        : sorted[(int)Math.Clamp(Math.Ceiling(sorted.Length * share) - 1, 0, sorted.Length - 1)];
}

/// <summary>
/// Concurrent clients that ask one question again and again: first each as soon as it has its answer, which measures the machine full,
/// then all together at half of the rate that came out, as a service that is meant to answer soon is run.
/// </summary>
/// <remarks>A paced request that is due while its client still waits counts from when it was due, so that a stall is not left out
/// (Tene, "How not to measure latency").</remarks>
sealed class Inquiry(HttpClient http, RecordModel model, ServingTime serving)
{
    public const int Clients = 8;

    /// <summary>Of the rate at which the machine is full.</summary>
    public const double PacedShare = 0.5;

    /// <summary>Of these, one is judged; judging happens outside of the clock.</summary>
    const int JudgedOf = 8;

    /// <summary>Asked before any clock starts, so that the server has compiled what it runs and PostgreSQL has read what it keeps: a
    /// service runs for weeks.</summary>
    public async Task WarmAsync(IEnumerable<Question> questions, int count)
    {
        foreach (var question in questions)
            await RoundAsync(question, Math.Max(1, (int)(count * question.Share) / Clients), period: null, seed: 4);
    }

    public async Task<Answers> AskAsync(Question question, int count)
    {
        var each = Math.Max(1, count / Clients);
        await RoundAsync(question, Math.Max(1, each / 10), period: null, seed: 1);
        var (before, start) = (serving.Seconds(), Stopwatch.GetTimestamp());
        var answers = await RoundAsync(question, each, period: null, seed: 2);
        var perSecond = each * Clients / Stopwatch.GetElapsedTime(start).TotalSeconds;
        var processor = (serving.Seconds() - before) * 1_000 / (each * Clients);
        var paced = await RoundAsync(question, each, TimeSpan.FromSeconds(Clients / (perSecond * PacedShare)), seed: 3);
        string? wrong = null;
        var verified = 0;
        foreach (var (asked, body) in answers.SelectMany(static one => one.Kept))
        {
            wrong ??= await asked.Objection(body);
            if (wrong is not null) break;
            verified++;
        }

        return new Answers(Times(answers), perSecond, Times(paced), processor, verified, wrong);
    }

    static double[] Times(IEnumerable<(List<double> Times, List<(Asked, string)> Kept)> clients) =>
        [.. clients.SelectMany(static one => one.Times).Order()];

    /// <param name="period">Between two requests of one client; null: no pause.</param>
    async Task<(List<double> Times, List<(Asked, string)> Kept)[]> RoundAsync(Question question, int each, TimeSpan? period, int seed) =>
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            var random = new Random((seed * 1_000) + (question.Number * 10) + client);
            List<double> times = [];
            List<(Asked, string)> kept = [];
            var pace = new Pace(period, random.NextDouble());
            for (var i = 0; i < each; i++)
            {
                var asked = question.Draw(model, random);
                var start = await pace.NextAsync();
                using var response = await http.GetAsync(asked.Path);
                var body = await response.Content.ReadAsStringAsync();
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                if (response.StatusCode != HttpStatusCode.OK)
                    throw new InvalidOperationException($"GET {asked.Path} was answered with {(int)response.StatusCode}: {body}");
                if (i % JudgedOf == 0) kept.Add((asked, body));
            }

            return (times, kept);
        })));
}
