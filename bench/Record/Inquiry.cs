using System.Diagnostics;
using System.Net;
using Lineage.Bench.Measuring;

namespace Lineage.Bench.Record;

/// <summary>What came of one question.</summary>
/// <param name="Processor">Processor milliseconds per request: client, server and PostgreSQL together.</param>
/// <param name="Wrong">The first answer that was not what it had to be.</param>
sealed record Answers(double[] Milliseconds, double Processor, int Verified, string? Wrong)
{
    public double At(double share) => Milliseconds.Length == 0 ? double.NaN
        : Milliseconds[(int)Math.Clamp(Math.Ceiling(Milliseconds.Length * share) - 1, 0, Milliseconds.Length - 1)];
}

/// <summary>Concurrent clients that ask one question again and again, each as soon as it has its answer.</summary>
sealed class Inquiry(HttpClient http, RecordModel model, ServingTime serving)
{
    public const int Clients = 8;

    /// <summary>Of these, one is judged; judging happens outside of the clock.</summary>
    const int JudgedOf = 8;

    public async Task<Answers> AskAsync(Question question, int count)
    {
        var each = Math.Max(1, count / Clients);
        await RoundAsync(question, Math.Max(1, each / 10), seed: 1);
        var before = serving.Seconds();
        var answers = await RoundAsync(question, each, seed: 2);
        var processor = (serving.Seconds() - before) * 1_000 / (each * Clients);
        double[] times = [.. answers.SelectMany(static one => one.Times).Order()];
        string? wrong = null;
        var verified = 0;
        foreach (var (asked, body) in answers.SelectMany(static one => one.Kept))
        {
            wrong ??= await asked.Objection(body);
            if (wrong is not null) break;
            verified++;
        }

        return new Answers(times, processor, verified, wrong);
    }

    async Task<(List<double> Times, List<(Asked, string)> Kept)[]> RoundAsync(Question question, int each, int seed) =>
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            var random = new Random((seed * 1_000) + (question.Number * 10) + client);
            List<double> times = [];
            List<(Asked, string)> kept = [];
            for (var i = 0; i < each; i++)
            {
                var asked = question.Draw!(model, random);
                var start = Stopwatch.GetTimestamp();
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
