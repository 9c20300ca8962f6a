using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Client;

// A run's log as it comes.
public sealed partial class LineageClient
{
    static readonly JsonSerializerOptions EntryJson = ContractJson.Create();

    /// <summary>The service speaks at least every ten seconds; a connection that is silent for longer is dead.</summary>
    static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(30), TailPause = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Every event of a run after <paramref name="after"/>, each once and in order, and then whatever comes, until cancelled. A connection
    /// that breaks is made again after the last event that was seen.
    /// </summary>
    /// <exception cref="LineageProblemException">A refusal, or the service stayed away for as many attempts as a request gets.</exception>
    public async IAsyncEnumerable<LogEntry> FollowLogAsync(RunId run, long after, [EnumeratorCancellation] CancellationToken ct)
    {
        while (true)
        {
            using var connection = CancellationTokenSource.CreateLinkedTokenSource(ct);
            using var response = await transport.StreamAsync(
                string.Create(CultureInfo.InvariantCulture, $"v1/runs/{run}/log/stream?after={after}"), connection.Token);
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(ct));
            while (await LineAsync(lines, connection, ct) is { } line)
            {
                if (!line.StartsWith("data: ", StringComparison.Ordinal)) continue;
                var entry = JsonSerializer.Deserialize<LogEntry>(line["data: ".Length..], EntryJson)!;
                after = entry.Sequence;
                yield return entry;
            }

            await Task.Delay(TailPause, clock, ct);
        }
    }

    /// <summary>Null at the end of the connection, however it ended.</summary>
    async Task<string?> LineAsync(StreamReader lines, CancellationTokenSource connection, CancellationToken ct)
    {
        try
        {
            using var silence = new CancellationTokenSource(SilenceMax, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(connection.Token, silence.Token);
            return await lines.ReadLineAsync(either.Token);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is IOException or HttpRequestException or OperationCanceledException)
        {
            ct.ThrowIfCancellationRequested();
            await connection.CancelAsync();
            return null;
        }
    }
}
