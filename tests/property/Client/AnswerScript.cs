using System.Net;
using System.Text;
using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;

namespace Lineage.Tests.Property.Client;

/// <summary>Answers requests in memory, so that a test says what the service says.</summary>
public sealed class AnswerScript(Func<HttpRequestMessage, string?, (HttpStatusCode Status, object? Body)> answer) : HttpMessageHandler
{
    static readonly JsonSerializerOptions Json = ContractJson.Create();

    public List<(HttpMethod Method, string Route, string? Body)> Asked { get; } = [];

    public List<HttpRequestMessage> Requests { get; } = [];

    public static (HttpStatusCode, object?) Refuse(string code, HttpStatusCode status = HttpStatusCode.Conflict) =>
        (status, Problem.Of(code, (int)status, "Refused", $"Refused with {code}."));

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? null : await request.Content.ReadAsStringAsync(cancellationToken);
        Asked.Add((request.Method, request.RequestUri!.PathAndQuery, body));
        Requests.Add(request);
        var (status, answered) = answer(request, body);
        var response = new HttpResponseMessage(status);
        response.Content = answered switch
        {
            null => new ByteArrayContent([]),
            byte[] raw => new ByteArrayContent(raw),
            string text => new StringContent(text, Encoding.UTF8, "text/html"),
            _ => new StringContent(JsonSerializer.Serialize(answered, answered.GetType(), Json), Encoding.UTF8, "application/json"),
        };
        return response;
    }
}
