using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using Lineage.Contracts.Api;

namespace Lineage.Agents.Client;

// Answers that are longer than a request may take or than memory should hold: read as they come, once, without a repetition.
internal sealed partial class ServiceTransport
{
    /// <summary>The answer with its body still to be read. Not bounded in time: who asks can interrupt.</summary>
    public async Task<HttpResponseMessage> OpenAsync(string route, CancellationToken ct)
    {
        HttpResponseMessage response;
        try
        {
            response = await http.GetAsync(route, HttpCompletionOption.ResponseHeadersRead, ct);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e.InnerException is SocketException socket ? socket.Message : e.Message, e);
        }

        if (response.IsSuccessStatusCode) return response;
        using (response) throw new LineageProblemException(await ProblemOfAsync(response, route, ct));
    }

    /// <summary>The answer line by line.</summary>
    public async IAsyncEnumerable<string> LinesAsync(string route, [EnumeratorCancellation] CancellationToken ct)
    {
        using var response = await OpenAsync(route, ct);
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
