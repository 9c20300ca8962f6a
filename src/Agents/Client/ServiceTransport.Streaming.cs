using System.Runtime.CompilerServices;
using System.Text;

namespace Lineage.Agents.Client;

// Answers that are longer than a request may take or than memory should hold: read as they come, once, without a repetition.
internal sealed partial class ServiceTransport
{
    /// <summary>The answer line by line.</summary>
    public async IAsyncEnumerable<string> LinesAsync(string route, [EnumeratorCancellation] CancellationToken ct)
    {
        using var response = await StreamAsync(route, ct);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(ct), Encoding.UTF8);
        while (await LineAsync(reader, ct) is { } line) yield return line;
    }

    async Task<string?> LineAsync(StreamReader reader, CancellationToken ct)
    {
        try
        {
            return await reader.ReadLineAsync(ct);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw Unreachable($"broke off: {e.Message}", e);
        }
    }
}
